// SPDX-License-Identifier: GPL-2.0-only
/* "iommu/dma: Move public interfaces to linux/iommu.h", v6.1, December 2022.  Before: linux/dma-iommu.h. */
#include <linux/iommu.h>

static int (*probe)(struct iommu_domain *, dma_addr_t) __used = iommu_get_msi_cookie;
