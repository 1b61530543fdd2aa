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
		view->dev = get_device(dev);
		view->instance = compat_dev_iommu(dev);
		if (view->instance)
			emt_collect_facts(look->domain, dev, &view->facts);
	}
	return 0;
}

/**
 * emt_group_view_get() - look into a group
 * @group: the group
 * @domain: what it is to be attached to
 * @view: filled; release it with emt_group_view_put()
 *
 * Context: process context; takes the group's mutex.
 */
void emt_group_view_get(struct iommu_group *group, const struct iommu_domain *domain, struct emt_group_view *view)
{
	struct look look = { .view = view, .domain = domain };

	*view = (struct emt_group_view){ .group = group };
	iommu_group_for_each_dev(group, &look, see_device);
}

void emt_group_view_put(struct emt_group_view *view)
{
	put_device(view->dev);
}
