/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container: a set of groups, their domains, and the memory they can reach.
 *
 * Locks, outermost first; mmap locks nest inside all of them:
 *
 *   dirty.reports  excludes START, STOP and reports (see dirty.h)
 *   listeners      held while in-kernel users are notified; they call back
 *   topology       domains, groups, reserved ranges, windows, page sizes. Held
 *                  for writing by attach and detach, for reading by map, unmap
 *   lock           mappings and entries left. Not held while memory is pinned
 *                  or an IOMMU is programmed: calls that meet a mapping in
 *                  transition wait for their turn (see mapping.h and turn.h)
 *
 * Containers can hold millions of mappings. Long loops drop the lock now and
 * then (ng_container_rest()), or if nothing may change, only the CPU
 * (ng_rest()).
 *
 * The core calls ioctl() without a reference, even while release() runs. So it
 * gets a number instead of a pointer: ng_container_get() returns the container,
 * or NULL after release().
 */
#ifndef NG_CONTAINER_H
#define NG_CONTAINER_H

#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#include <compat/vfio_access.h>

#include "attach_stats.h"
#include "dirty.h"
#include "iova_windows.h"

struct ng_mapping;
struct ng_owner;
struct page;

/**
 * struct ng_container - a set of groups and mappings
 * @ref: one for the core until release(), one per call in flight
 * @rcu: delays freeing for ng_container_get()
 * @handle: number that the core gets
 * @v2: opened as VFIO_TYPE1v2_IOMMU: unmapping must not cut a mapping
 * @opener_pid: process that called VFIO_SET_IOMMU, for debugfs
 * @opener_comm: its name
 * @topology: see above
 * @released: release() has run: all later calls must fail
 * @domains: struct ng_domain, oldest first
 * @groups: struct ng_group by address of the iommu_group
 * @nr_emulated: number of emulated groups
 * @reserved: struct ng_reserved of all groups
 * @nr_reserved: their number
 * @windows: addresses that may be mapped while there is a domain, else any may
 * @next_windows: scratch space for the next @windows
 * @pgsizes: page sizes that all domains support, never 0
 * @refusals_across: times that a domain refused a group behind another IOMMU
 * @joined_across: a domain has accepted such a group
 * @attach_stats: results of attaching groups
 * @lock: see above
 * @mappings: struct ng_mapping by address
 * @highest: mapping with the highest address, or NULL
 * @latest: last lookup, a hint; under @lock, or with @topology held for writing
 * @nr_mappings: number of mappings
 * @nr_vaddr_invalid: number of mappings without a valid user address
 * @entries_left: number of mappings that may still be made
 * @waiters: calls that wait for a mapping or an external pin (see turn.c)
 * @queue: calls that wait for a range, in order (see turn.h)
 * @dirty: dirty tracking
 * @last_owner: owner of the newest mapping, likely to own the next one
 * @spare_pages: array for ng_pin_batch_init(), exchanged atomically
 * @external: struct ng_external_pin by address
 * @nr_external: their number
 * @external_drops: counts last unpins; read without @lock to detect progress
 * @listeners: in-kernel users to notify of an unmap
 */
struct ng_container {
	struct kref ref;
	struct rcu_head rcu;
	unsigned long handle;
	bool v2;
	pid_t opener_pid;
	char opener_comm[TASK_COMM_LEN];

	struct rw_semaphore topology;
	/* Written with @topology held for writing. */
	bool released;
	struct list_head domains;
	DECLARE_HASHTABLE(groups, 6);
	unsigned int nr_emulated;
	struct list_head reserved;
	unsigned int nr_reserved;
	struct ng_iova_windows windows;
	struct ng_iova_windows next_windows;
	u64 pgsizes;
	unsigned int refusals_across;
	bool joined_across;
	struct ng_attach_stats attach_stats;

	struct mutex lock;
	/* Under @lock. */
	struct rb_root mappings;
	struct ng_mapping *highest;
	struct ng_mapping *latest;
	unsigned long nr_mappings;
	unsigned long nr_vaddr_invalid;
	unsigned int entries_left;
	struct list_head waiters;
	struct list_head queue;
	struct ng_owner *last_owner;
	struct rb_root external;
	unsigned long nr_external;
	unsigned long external_drops;

	struct compat_unmap_listeners listeners;

	struct ng_dirty_tracking dirty;

	struct page **spare_pages;
};

void *ng_container_open(unsigned long type);
void ng_container_release(void *handle);
struct ng_container *ng_container_get(void *handle);
struct ng_container *ng_container_get_next(unsigned long *handle);
void ng_container_put(struct ng_container *ct);
int ng_container_enter(struct ng_container *ct);
bool ng_container_enter_to_clean_up(struct ng_container *ct);
void ng_container_leave(struct ng_container *ct);

/* Steps of a loop between two rests: a millisecond at most. */
#define NG_STEPS_BEFORE_REST	1024

bool ng_container_rest(struct ng_container *ct, unsigned int *steps);

static inline void ng_rest(unsigned int *steps)
{
	if (!(++*steps % NG_STEPS_BEFORE_REST))
		cond_resched();
}

/* The smallest page of all domains: the alignment of addresses and sizes. */
static inline u64 ng_container_min_page(const struct ng_container *ct)
{
	return ct->pgsizes & -ct->pgsizes;
}

#endif
