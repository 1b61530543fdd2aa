/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_GROUP_VIEW_H
#define EMT_GROUP_VIEW_H

#include "judge.h"

struct device;
struct iommu_device;
struct iommu_domain;
struct iommu_group;

/**
 * struct emt_group_view - what can be seen of a group, whose structure is private to the core
 * @group: the group
 * @nr_devices: how many devices it has
 * @instance: IOMMU of the first, or NULL
 * @facts: what is known about attaching the group, if there is an @instance
 */
struct emt_group_view {
	struct iommu_group *group;
	unsigned int nr_devices;
	const struct iommu_device *instance;
	struct emt_facts facts;
};

void emt_look_into_group(struct iommu_group *group, const struct iommu_domain *domain, struct emt_group_view *view);
struct device *emt_first_device(struct iommu_group *group);

#endif
