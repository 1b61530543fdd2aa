// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking into an iommu_group.  The callback of iommu_group_for_each_dev() runs under the group's mutex and must not
 * call back for it.  Whatever has to do with the IOMMU of a device is asked there and then: a device may be unplugged while
 * its group is being attached, and a reference keeps the device but not its dev->iommu.
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

/**
 * emt_look_into_group() - see what can be seen of a group
 * @group: the group
 * @domain: what it is to be attached to
 * @view: filled
 *
 * Context: process context; takes the group's mutex.
 */
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

/**
 * emt_first_device() - get a device of a group
 * @group: the group
 *
 * Context: process context; takes the group's mutex.
 * Return: its first device, with a reference, or NULL if it has none.
 */
struct device *emt_first_device(struct iommu_group *group)
{
	struct device *dev = NULL;

	iommu_group_for_each_dev(group, &dev, get_first);
	return dev;
}
