// SPDX-License-Identifier: GPL-2.0-only
/* open_device() of a VFIO driver is for its first user since v5.15; open(), before, was for each. */
#include <linux/vfio.h>

static const struct vfio_device_ops probe __used = { .open_device = NULL };
