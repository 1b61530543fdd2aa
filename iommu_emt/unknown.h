/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_UNKNOWN_H
#define EMT_UNKNOWN_H

#include "drivers.h"

struct dentry;
struct iommu_group;

void emt_unknown_count(struct iommu_group *group, enum emt_driver driver, int error);
void emt_unknown_init(struct dentry *dir);
void emt_unknown_exit(void);

#endif
