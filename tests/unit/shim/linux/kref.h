/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KREF_H
#define SHIM_KREF_H

struct kref {
	int n;
};

#endif
