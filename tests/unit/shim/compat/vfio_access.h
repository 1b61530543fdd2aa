/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_COMPAT_VFIO_ACCESS_H
#define SHIM_COMPAT_VFIO_ACCESS_H

/* A part of containers that nothing under test uses. */
struct compat_unmap_listeners {
	int unused;
};

#endif
