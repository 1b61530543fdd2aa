// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver frees the cookie of its domain until v5.14. Then the core does, and for some releases a driver may do it again.
 */
#include <linux/dma-iommu.h>

static void (*probe)(struct iommu_domain *) __used = iommu_put_dma_cookie;
