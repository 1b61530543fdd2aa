// SPDX-License-Identifier: GPL-2.0-only
/*
 * "iommu: Add iommu_group_has_isolated_msi()", v6.3, April 2023.  Before: one irqdomain test for the whole machine.
 * symbol: iommu_group_has_isolated_msi
 */
#include <linux/iommu.h>

static bool (*probe)(struct iommu_group *) __used = iommu_group_has_isolated_msi;
