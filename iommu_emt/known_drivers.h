/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_KNOWN_DRIVERS_H
#define EMT_KNOWN_DRIVERS_H

#include "judge.h"

struct iommu_domain;

void emt_known_drivers_start(void);
void emt_known_drivers_stop(void);
enum emt_driver emt_driver_of_domain(const struct iommu_domain *domain);
bool emt_one_driver_known(void);

#endif
