/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing the user address of what is mapped, without unmapping it (VFIO_UPDATE_VADDR): a process invalidates the
 * addresses, replaces itself by exec or hands the container to another process, and that one says where the same memory
 * is now.  Devices keep reaching it all the while.
 */
#ifndef NG_VADDR_H
#define NG_VADDR_H

#include <linux/types.h>

struct ng_container;
struct ng_map_request;
struct ng_unmap_request;

int ng_vaddr_invalidate(struct ng_container *ct, const struct ng_unmap_request *request, u64 *bytes);
int ng_vaddr_update(struct ng_container *ct, const struct ng_map_request *request);

#endif
