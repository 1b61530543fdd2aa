/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_GROUP_VIEW_H
#define EMT_GROUP_VIEW_H

struct device;
struct iommu_group;

/**
 * struct emt_group_view - what can be seen of a group, whose structure is private to the core
 * @group: the group
 * @dev: its first device, referenced; NULL if it has none
 * @nr_devices: how many devices it has
 */
struct emt_group_view {
	struct iommu_group *group;
	struct device *dev;
	unsigned int nr_devices;
};

void emt_group_view_get(struct iommu_group *group, struct emt_group_view *view);
void emt_group_view_put(struct emt_group_view *view);

#endif
