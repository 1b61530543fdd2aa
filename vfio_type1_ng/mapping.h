/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings: what user space made reachable with VFIO_IOMMU_MAP_DMA, one object a call.
 *
 * A mapping is in the container's tree from the moment its range is taken until the range is free again, and in one
 * of four states:
 *
 *   filling   its memory is being pinned and mapped by the call that made it;
 *   live      complete in every domain;
 *   emptying  it is being unmapped and unpinned by the call that removes it, or live again if that could not report what
 *             was dirty;
 *   moving    it gets a new owner (see vaddr.h).
 *
 * All but the second are transitions: they happen without the container's lock, by one thread that alone touches the
 * mapping then.  Everybody else who meets such a mapping waits until it is live or gone, as if the calls had come one
 * after the other (see turn.h).  Only the count of entries does not wait: a mapping holds its entry from the start, also
 * if filling it fails.
 *
 * A live mapping may be borrowed by in-kernel users, who pin some of it, or copy from or to it, without the container's
 * lock (see access.h).  Any number of them do that side by side; no transition begins before they have given it back.
 *
 * Filling needs a domain.  In a container without one, for devices whose DMA goes through the CPU, mappings only say
 * where the memory is; what is pinned of it is what in-kernel users ask for (see external.h).  A live mapping has runs
 * exactly while the container has a domain.
 */
#ifndef NG_MAPPING_H
#define NG_MAPPING_H

#include <linux/rbtree.h>

#include "range.h"
#include "runs.h"

struct ng_container;
struct ng_owner;
struct vfio_bitmap;

enum ng_mapping_state {
	NG_MAPPING_FILLING,
	NG_MAPPING_LIVE,
	NG_MAPPING_EMPTYING,
	NG_MAPPING_MOVING,
};

/**
 * struct ng_mapping - user memory that the container's devices can reach
 * @node: place in the container's tree
 * @range: I/O virtual addresses, constant
 * @vaddr: user address of the first byte
 * @owner: whose memory it is
 * @runs: what backs it
 * @charged_pages: how many pages @owner was charged for
 * @next: links mappings that one call empties; while emptying
 * @nr_borrowers: how many in-kernel users borrow it, under the container's lock; while not emptying
 * @prot: IOMMU_READ, IOMMU_WRITE, constant
 * @state: enum ng_mapping_state, under the container's lock
 * @unlimited: its owner had CAP_IPC_LOCK: charged beyond RLIMIT_MEMLOCK
 * @vaddr_invalid: @vaddr is not to be used until it is updated, under the container's lock
 * @dirty_log: number of what tells what was written to (see dirty.h), or 0, under the container's lock
 */
struct ng_mapping {
	struct rb_node node;
	struct ng_range range;
	u64 vaddr;
	struct ng_owner *owner;
	struct ng_runs runs;
	unsigned long charged_pages;
	union {
		struct ng_mapping *next;
		unsigned long nr_borrowers;
	};
	u8 prot;
	u8 state;
	bool unlimited;
	bool vaddr_invalid;
	u32 dirty_log;
};

/**
 * struct ng_map_request - a VFIO_IOMMU_MAP_DMA whose fields make sense by themselves
 * @range: I/O virtual addresses
 * @vaddr: user address of the first byte
 * @prot: IOMMU_READ, IOMMU_WRITE or both; 0 in a request that only updates the user address
 */
struct ng_map_request {
	struct ng_range range;
	u64 vaddr;
	int prot;
};

/**
 * struct ng_unmap_request - a VFIO_IOMMU_UNMAP_DMA as it came
 * @iova: first I/O virtual address
 * @size: length in bytes
 * @all: remove everything; then the other two must be 0
 * @vaddr: the user addresses are meant, not the mappings
 * @bitmap: where to report what was dirty, or NULL; has room for the range
 */
struct ng_unmap_request {
	u64 iova;
	u64 size;
	bool all;
	bool vaddr;
	const struct vfio_bitmap *bitmap;
};

int ng_map(struct ng_container *ct, const struct ng_map_request *request);
int ng_unmap(struct ng_container *ct, const struct ng_unmap_request *request, u64 *unmapped_bytes);

/* For those who do something else with mappings; see mapping.c. */
struct ng_mapping *ng_mapping_first(struct ng_container *ct, struct ng_range range);
struct ng_mapping *ng_mapping_next(struct ng_mapping *mapping, struct ng_range range);
struct ng_mapping *ng_mapping_next_resting(struct ng_container *ct, struct ng_mapping *mapping,
					   struct ng_range range, unsigned int *steps);

/* Every mapping in a range, in ascending order, with the container's lock held. */
#define ng_for_each_mapping(ct, mapping, range) \
	for (mapping = ng_mapping_first(ct, range); mapping; mapping = ng_mapping_next(mapping, range))

/* The same, and the lock is given up now and then; @steps is an unsigned int of the caller's. */
#define ng_for_each_mapping_resting(ct, mapping, range, steps) \
	for (steps = 0, mapping = ng_mapping_first(ct, range); mapping; \
	     mapping = ng_mapping_next_resting(ct, mapping, range, &(steps)))

bool ng_map_request_aligned(struct ng_container *ct, const struct ng_map_request *request);
int ng_mappings_lock(struct ng_container *ct, struct ng_range range);
int ng_mappings_lock_alone(struct ng_container *ct, struct ng_range range);
int ng_mappings_lock_for_report(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range);
int ng_mappings_lock_for_unmap(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range);
void ng_mapping_borrow(struct ng_container *ct, struct ng_mapping *mapping);
void ng_mapping_give_back(struct ng_container *ct, struct ng_mapping *mapping);

/* The user address behind an address of the mapping. */
static inline u64 ng_mapping_vaddr(const struct ng_mapping *mapping, u64 iova)
{
	return mapping->vaddr + (iova - mapping->range.first);
}

int ng_mapping_cache_init(void);
void ng_mapping_cache_exit(void);

/* For attach and detach, with the container's topology held for writing: every mapping is live then. */
bool ng_mapping_exists(struct ng_container *ct, struct ng_range range);
bool ng_mappings_aligned(struct ng_container *ct, u64 page_bytes);
void ng_mappings_remove_all(struct ng_container *ct);

#endif
