// SPDX-License-Identifier: GPL-2.0-only
/*
 * The callback of iommu_group_for_each_dev() runs under the group's mutex and
 * must not take it. It reads all that needs dev->iommu: a device may be
 * unplugged during the attach, and a reference to it does not keep dev->iommu.
 */
#include <linux/device.h>
#include <linux/iommu.h>

#include <compat/iommu.h>

#include "facts.h"
#include "group_view.h"

struct look {
	struct emt_group_view *view;
	const struct iommu_domain *domain;
};

static int see_device(struct device *dev, void *data)
{
	const struct look *look = data;
	struct emt_group_view *view = look->view;

	if (!view->nr_devices++) {
		view->instance = compat_dev_iommu(dev);
		if (view->instance)
			emt_collect_facts(look->domain, dev, &view->facts);
	}
	return 0;
}

/* Process context; takes the group's mutex. */
void emt_look_into_group(struct iommu_group *group, const struct iommu_domain *domain, struct emt_group_view *view)
{
	struct look look = { .view = view, .domain = domain };

	*view = (struct emt_group_view){ .group = group };
	iommu_group_for_each_dev(group, &look, see_device);
}

static int get_first(struct device *dev, void *data)
{
	struct device **first = data;

	*first = get_device(dev);
	return 1;
}

/* Takes the group's mutex. Returns a reference, or NULL without a device. */
struct device *emt_first_device(struct iommu_group *group)
{
	struct device *dev = NULL;

	iommu_group_for_each_dev(group, &dev, get_first);
	return dev;
}
