/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In-kernel users: drivers that access user memory with the CPU. They pin and
 * copy without the container's lock, because that can wait for memory.
 * Meanwhile they borrow the mapping, and hold the topology for reading.
 */
#ifndef NG_ACCESS_H
#define NG_ACCESS_H

#include <linux/mm.h>
#include <linux/types.h>

#include "range.h"

struct compat_pin_list;
struct compat_unmap_listener;
struct iommu_domain;
struct iommu_group;
struct ng_container;
struct ng_mapping;
struct ng_unmap_request;

/* Operations of the VFIO core, through COMPAT_VFIO_DEFINE_ACCESS_OPS(). */
int ng_access_pin(void *handle, struct iommu_group *iommu_group, const struct compat_pin_list *list, int npages, int prot);
int ng_access_unpin(void *handle, const struct compat_pin_list *list, int npages);
int ng_access_rw(void *handle, dma_addr_t iova, void *buf, size_t bytes, bool write);
int ng_access_add_listener(void *handle, const struct compat_unmap_listener *listener);
int ng_access_remove_listener(void *handle, const struct compat_unmap_listener *listener);
struct iommu_domain *ng_access_group_domain(void *handle, struct iommu_group *iommu_group);

void ng_access_tell_of_listeners(struct ng_container *ct);

static inline struct ng_range ng_access_page(u64 iova)
{
	return (struct ng_range){ .first = iova & PAGE_MASK, .last = iova | ~PAGE_MASK };
}

int ng_access_refuse_without_addresses(void);
struct ng_mapping *ng_access_find(struct ng_container *ct, u64 iova, int prot);
int ng_access_lock_for_unmap(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range);

#endif
