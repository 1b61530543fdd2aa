/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_FACTS_H
#define EMT_FACTS_H

#include "judge.h"

struct device;
struct iommu_device;
struct iommu_domain;

void emt_collect_facts(const struct iommu_domain *domain, struct device *dev, struct emt_facts *facts);
void emt_collect_facts_of_domain(const struct iommu_domain *domain, enum emt_driver driver, struct emt_facts *facts);
void emt_update_use(const struct iommu_domain *domain, struct emt_facts *facts);
void emt_add_facts_of_groups(const struct iommu_device *own, const struct iommu_device *instance, struct emt_facts *facts);

#endif
