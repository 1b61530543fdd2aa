// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking into an iommu_group.  The callback of iommu_group_for_each_dev() runs under the group's mutex and must not
 * call back into the core, so it only counts and takes a reference; everything else is asked afterwards.
 */
#include <linux/device.h>
#include <linux/iommu.h>

#include "group_view.h"

static int see_device(struct device *dev, void *data)
{
	struct emt_group_view *view = data;

	if (!view->dev)
		view->dev = get_device(dev);
	view->nr_devices++;
	return 0;
}

/**
 * emt_group_view_get() - look into a group
 * @group: the group; the caller owns it, so that its devices do not come and go
 * @view: filled; release it with emt_group_view_put()
 *
 * Context: process context; takes the group's mutex.
 */
void emt_group_view_get(struct iommu_group *group, struct emt_group_view *view)
{
	*view = (struct emt_group_view){ .group = group };
	iommu_group_for_each_dev(group, view, see_device);
}

void emt_group_view_put(struct emt_group_view *view)
{
	put_device(view->dev);
}
