// SPDX-License-Identifier: GPL-2.0-only
/* A VFIO driver has operations for iommufd since v6.2. */
#include <linux/vfio.h>

static const struct vfio_device_ops probe __used = { .bind_iommufd = NULL };
