// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers ask for the domain of a group since "vfio/type1: Add vfio_group_iommu_domain()", v5.11.
 * Only asked where the operations are public.
 */
#include <linux/vfio.h>

static const struct vfio_iommu_driver_ops probe __used = { .group_iommu_domain = NULL };
