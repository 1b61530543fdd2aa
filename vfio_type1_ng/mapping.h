/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings: user memory that devices can reach, one object per
 * VFIO_IOMMU_MAP_DMA. A mapping is in the container's tree as long as its range
 * is taken. Its state is
 *
 *   filling   the call that made it pins and maps its memory;
 *   live      it is complete in every domain;
 *   emptying  the call that removes it unmaps and unpins its memory, or makes
 *             it live again if dirty pages cannot be reported;
 *   moving    it gets a new owner (see vaddr.h).
 *
 * All but live are transitions: one call works on the mapping, without the
 * container's lock. Other calls wait until it is live or gone (see turn.h).
 * Only the count of entries does not wait: a mapping that fails to fill has
 * one, too.
 *
 * In-kernel users borrow a live mapping to use it without the container's lock
 * (see access.h). A transition begins only after all have given it back.
 *
 * A live mapping is filled if and only if the container has a domain. Without
 * one, only what in-kernel users hold is pinned (see external.h).
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
 * @node: node in the container's tree
 * @range: I/O virtual addresses, constant
 * @vaddr: user address of the first byte
 * @owner: address space that the memory is charged to
 * @runs: frames behind it
 * @charged_pages: number of pages that @owner was charged for
 * @next: next mapping that the same call removes; while emptying
 * @nr_borrowers: borrowing in-kernel users, under ct->lock; in other states
 * @prot: IOMMU_READ, IOMMU_WRITE, constant
 * @state: enum ng_mapping_state, under ct->lock
 * @unlimited: the owner had CAP_IPC_LOCK: charged beyond RLIMIT_MEMLOCK
 * @vaddr_invalid: do not use @vaddr until it is updated; under ct->lock
 * @dirty_log: index of its log or 0, under ct->lock; no room for a pointer
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
 * struct ng_map_request - a VFIO_IOMMU_MAP_DMA, checked without the container
 * @range: I/O virtual addresses
 * @vaddr: user address of the first byte
 * @prot: IOMMU_READ, IOMMU_WRITE; 0 to update only the user address
 */
struct ng_map_request {
	struct ng_range range;
	u64 vaddr;
	int prot;
};

/**
 * struct ng_unmap_request - a VFIO_IOMMU_UNMAP_DMA, not checked yet
 * @iova: first I/O virtual address
 * @size: length in bytes
 * @all: remove everything; @iova and @size must be 0
 * @vaddr: invalidate user addresses instead of unmapping
 * @bitmap: where to report what was dirty, with room for the range; or NULL
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

struct ng_mapping *ng_mapping_first(struct ng_container *ct, struct ng_range range);
struct ng_mapping *ng_mapping_next(struct ng_mapping *mapping, struct ng_range range);
struct ng_mapping *ng_mapping_next_resting(struct ng_container *ct, struct ng_mapping *mapping,
					   struct ng_range range, unsigned int *steps);

/* In ascending order; @lock is held, or @topology for writing. */
#define ng_for_each_mapping(ct, mapping, range) \
	for (mapping = ng_mapping_first(ct, range); mapping; mapping = ng_mapping_next(mapping, range))

/* The same, but drops the lock now and then; @steps is an unsigned int. */
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

static inline u64 ng_mapping_vaddr(const struct ng_mapping *mapping, u64 iova)
{
	return mapping->vaddr + (iova - mapping->range.first);
}

int ng_mapping_cache_init(void);
void ng_mapping_cache_exit(void);

/* With the topology held for writing, so that every mapping is live. */
bool ng_mapping_exists(struct ng_container *ct, struct ng_range range);
bool ng_mappings_aligned(struct ng_container *ct, u64 page_bytes);
void ng_mappings_remove_all(struct ng_container *ct);

#endif
