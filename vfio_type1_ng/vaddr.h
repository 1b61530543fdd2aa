/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO_UPDATE_VADDR: invalidates user addresses, and later sets new ones of the
 * same memory, after exec or in another process. Devices keep access all the
 * time.
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
