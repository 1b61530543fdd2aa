/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_COMPAT_VFIO_H
#define SHIM_COMPAT_VFIO_H

#include <linux/types.h>
#include <linux/vfio.h>

#endif
