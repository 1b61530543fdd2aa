// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct vfio_iommu_driver_ops left linux/vfio.h with "vfio: Move the vfio_iommu_driver_ops interface out of
 * <linux/vfio.h>", v5.16, January 2022.
 */
#include <linux/vfio.h>

static int probe __used = sizeof(struct vfio_iommu_driver_ops);
