/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_RWSEM_H
#define SHIM_RWSEM_H

struct rw_semaphore {
	int n;
};

#endif
