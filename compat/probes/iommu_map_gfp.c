// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommu_map() takes allocation flags since "iommu: Add a gfp parameter to iommu_map()", v6.3, April 2023.
 * symbol: iommu_map
 */
#include <linux/iommu.h>

static int (*probe)(struct iommu_domain *, unsigned long, phys_addr_t, size_t, int, gfp_t) __used = iommu_map;
