/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_GROUP_VIEW_H
#define EMT_GROUP_VIEW_H

#include "judge.h"

struct device;
struct iommu_device;
struct iommu_domain;
struct iommu_group;

/* @instance: IOMMU of the first device. @facts: empty if that is NULL. */
struct emt_group_view {
	struct iommu_group *group;
	unsigned int nr_devices;
	const struct iommu_device *instance;
	struct emt_facts facts;
};

void emt_look_into_group(struct iommu_group *group, const struct iommu_domain *domain, struct emt_group_view *view);
struct device *emt_first_device(struct iommu_group *group);

#endif
