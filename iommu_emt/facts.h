/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_FACTS_H
#define EMT_FACTS_H

#include "judge.h"

struct device;
struct iommu_domain;

void emt_collect_facts(struct iommu_domain *domain, struct device *dev, struct emt_facts *facts);
void emt_collect_facts_of_domain(struct iommu_domain *domain, enum emt_driver driver, struct emt_facts *facts);

#endif
