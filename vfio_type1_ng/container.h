/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container: one user's set of groups, the domains they are attached to, and the memory they may reach.
 *
 * Two locks, taken in this order, both outside mmap_lock:
 *
 *   topology  decides who translates: domains, groups, what they reserve, the windows and page sizes that follow.
 *             Held for writing to attach and detach a group; held for reading by everyone who maps or unmaps, for as
 *             long as that takes, so that no domain is born or dies beneath them.
 *   lock      decides what is mapped: the tree of mappings and the count of entries left.  Never held while memory is
 *             pinned or an IOMMU is programmed: a mapping that is being filled or emptied stays in the tree in that
 *             state, and whoever meets it waits for its turn (see mapping.h and turn.h).
 *
 * So calls for different addresses run side by side, and attach sees only mappings that are complete.
 *
 * A container can hold millions of mappings.  A loop over them gives up the lock now and then if it
 * can go on with what it finds then (ng_container_rest()), otherwise at least the CPU (ng_rest()).
 *
 * The VFIO core calls ioctl() without holding the container alive, against a release() that may run at the same time.
 * What the core holds is therefore not a pointer but a handle, a number that is never used twice: ng_container_get()
 * either finds the container it stood for, with a reference, or nothing.
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
 * struct ng_container - one user's set of groups and mappings
 * @ref: one for the core until release(), one for each call in flight
 * @rcu: defers freeing past ng_container_get()
 * @handle: what the core knows it by
 * @v2: opened as VFIO_TYPE1v2_IOMMU: unmapping must not cut a mapping
 * @opener_pid: thread group that called VFIO_SET_IOMMU, for debugfs
 * @opener_comm: its name
 * @topology: see above
 * @released: release() has run; calls in flight must not do anything any more
 * @domains: struct ng_domain, oldest first
 * @groups: struct ng_group by the address of its iommu_group
 * @nr_emulated: how many of them are of devices that make their DMA through the CPU
 * @reserved: struct ng_reserved, ranges that some group reserves
 * @nr_reserved: their number
 * @windows: addresses that may be mapped; none before the first domain, and then every address may be
 * @next_windows: where they are computed anew
 * @pgsizes: page sizes that all domains support, never 0
 * @refusals_across: how often a domain refused a group behind another IOMMU
 * @joined_across: one accepted such a group
 * @attach_stats: what became of attempts to attach groups
 * @lock: see above
 * @mappings: struct ng_mapping by address
 * @highest: the one with the highest address, or NULL
 * @latest: the one that was looked for latest, or NULL; also set by who has the topology to himself, without @lock
 * @nr_mappings: their number
 * @nr_vaddr_invalid: how many of them have no valid user address
 * @entries_left: how many mappings may still be made
 * @waiters: calls that sleep until a mapping is out of their way (see turn.c)
 * @queue: the order in which calls get wide or busy ranges (see turn.h)
 * @dirty: dirty tracking; has a mutex of its own, outside both locks
 * @last_owner: owner of the latest mapping, which is likely to own the next one
 * @spare_pages: for ng_pin_batch_init(); whoever swaps it out has it
 * @external: struct ng_external_pin by address: the pages that in-kernel users hold
 * @nr_external: their number
 * @external_drops: how many there were that are none any more; read without the lock to see whether there are new ones
 * @listeners: in-kernel users that want to know what is unmapped; has a lock of its own, under which they call back, so
 *	neither of the others is held when it is taken
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

/* How many steps of such a loop may follow each other: a millisecond at most. */
#define NG_STEPS_BEFORE_REST	1024

bool ng_container_rest(struct ng_container *ct, unsigned int *steps);

/* Lets others have the CPU now and then, in a loop of many short steps. */
static inline void ng_rest(unsigned int *steps)
{
	if (!(++*steps % NG_STEPS_BEFORE_REST))
		cond_resched();
}

/* The smallest page that every domain supports: what addresses and sizes must be aligned to. */
static inline u64 ng_container_min_page(const struct ng_container *ct)
{
	return ct->pgsizes & -ct->pgsizes;
}

#endif
