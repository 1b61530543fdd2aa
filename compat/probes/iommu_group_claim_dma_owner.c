// SPDX-License-Identifier: GPL-2.0-only
/*
 * "iommu: Add DMA ownership management interfaces", v5.19, July 2022.
 * symbol: iommu_group_claim_dma_owner
 */
#include <linux/iommu.h>

static int (*probe)(struct iommu_group *, void *) __used = iommu_group_claim_dma_owner;
