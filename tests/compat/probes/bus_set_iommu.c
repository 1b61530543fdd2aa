// SPDX-License-Identifier: GPL-2.0-only
/* A driver chooses the bus whose devices it translates until v6.0; then the core has a list of buses. */
#include <linux/iommu.h>

static int (*probe)(struct bus_type *, const struct iommu_ops *) __used = bus_set_iommu;
