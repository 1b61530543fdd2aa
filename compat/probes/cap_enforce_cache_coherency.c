// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_CAP_ENFORCE_CACHE_COHERENCY tells before an attach whether a device can be made coherent: "iommu: Add
 * IOMMU_CAP_ENFORCE_CACHE_COHERENCY", v6.2, February 2023.  From then on KVM trusts the device, not the container.
 */
#include <linux/iommu.h>

static int probe __used = IOMMU_CAP_ENFORCE_CACHE_COHERENCY;
