// SPDX-License-Identifier: GPL-2.0-only
/* Dirty tracking: switching it on and off, and marking pages. */
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "alloc.h"
#include "container.h"
#include "dirty.h"
#include "group.h"
#include "mapping.h"

void ng_dirty_init(struct ng_container *ct)
{
	mutex_init(&ct->dirty.reports);
	ct->dirty.page_shift = ilog2(ng_container_min_page(ct));
	xa_init_flags(&ct->dirty.logs, XA_FLAGS_ALLOC1);
}

void ng_dirty_exit(struct ng_container *ct)
{
	xa_destroy(&ct->dirty.logs);
}

/**
 * ng_dirty_lock_reports() - exclude START, STOP and reports
 * @ct: the container; none of its locks is held
 * Return: 0, or -EINTR on a fatal signal.
 */
int ng_dirty_lock_reports(struct ng_container *ct)
{
	return mutex_lock_killable(&ct->dirty.reports);
}

void ng_dirty_unlock_reports(struct ng_container *ct)
{
	mutex_unlock(&ct->dirty.reports);
}

/**
 * ng_dirty_mapping_pages() - number of bits for a mapping
 * @ct: the container; @ct->lock is held
 * @mapping: the mapping
 */
u64 ng_dirty_mapping_pages(const struct ng_container *ct, const struct ng_mapping *mapping)
{
	return ((mapping->range.last - mapping->range.first) >> ct->dirty.page_shift) + 1;
}

struct ng_dirty_log *ng_dirty_log(struct ng_container *ct, const struct ng_mapping *mapping)
{
	lockdep_assert_held(&ct->lock);
	return mapping->dirty_log ? xa_load(&ct->dirty.logs, mapping->dirty_log) : NULL;
}

/**
 * ng_dirty_track() - begin to track a mapping
 * @ct: the container, with tracking on; @ct->lock is held
 * @mapping: a mapping that is not tracked
 * Return: 0; -EINVAL if it has too many pages for a bitmap; -ENOMEM.
 */
int ng_dirty_track(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_dirty_log *log;
	u32 number;
	int ret;

	lockdep_assert_held(&ct->lock);
	if (ng_dirty_mapping_pages(ct, mapping) > NG_DIRT_MAX_PAGES)
		return -EINVAL;
	log = ng_kzalloc(sizeof(*log));
	if (!log)
		return -ENOMEM;
	ret = xa_alloc(&ct->dirty.logs, &number, log, xa_limit_32b, GFP_KERNEL);
	if (ret) {
		kfree(log);
		return ret;
	}
	mapping->dirty_log = number;
	return 0;
}

void ng_dirty_untrack(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_dirty_log *log = ng_dirty_log(ct, mapping);

	if (!log)
		return;
	xa_erase(&ct->dirty.logs, mapping->dirty_log);
	mapping->dirty_log = 0;
	ng_dirt_clear(&log->since);
	ng_dirt_clear(&log->reported);
	kfree(log);
}

/* Mappings made while this drops the lock are not tracked. */
static void untrack_all(struct ng_container *ct)
{
	struct ng_mapping *mapping;
	unsigned int steps;

	ct->dirty.on = false;
	ng_for_each_mapping_resting(ct, mapping, NG_RANGE_ALL, steps)
		ng_dirty_untrack(ct, mapping);
}

/* Mappings completed while this drops the lock are tracked already. */
static int track_all(struct ng_container *ct)
{
	struct ng_mapping *mapping;
	unsigned int steps;
	int ret;

	ct->dirty.on = true;
	ng_for_each_mapping_resting(ct, mapping, NG_RANGE_ALL, steps) {
		/* A mapping being filled is tracked when it becomes live. */
		if (mapping->state == NG_MAPPING_FILLING || mapping->dirty_log)
			continue;
		ret = fatal_signal_pending(current) ? -EINTR : ng_dirty_track(ct, mapping);
		if (ret) {
			untrack_all(ct);
			return ret;
		}
	}
	return 0;
}

/**
 * ng_dirty_start() - switch tracking on
 * @ct: the container
 * Return: 0, also if it is on; -EINVAL if a mapping is too large; -ENOMEM;
 * -EINTR on a fatal signal; as ng_container_enter().
 */
int ng_dirty_start(struct ng_container *ct)
{
	int ret = ng_dirty_lock_reports(ct);

	if (ret)
		return ret;
	ret = ng_container_enter(ct);
	if (ret)
		goto unlock;

	mutex_lock(&ct->lock);
	if (!ct->dirty.on)
		ret = track_all(ct);
	mutex_unlock(&ct->lock);

	ng_container_leave(ct);
unlock:
	ng_dirty_unlock_reports(ct);
	return ret;
}

/**
 * ng_dirty_stop() - switch tracking off, and forget what is dirty
 * @ct: the container
 * Return: 0, or -EINTR on a fatal signal.
 */
int ng_dirty_stop(struct ng_container *ct)
{
	int ret = ng_dirty_lock_reports(ct);

	if (ret)
		return ret;
	mutex_lock(&ct->lock);
	untrack_all(ct);
	mutex_unlock(&ct->lock);
	ng_dirty_unlock_reports(ct);
	return 0;
}

/**
 * ng_dirty_mark() - mark pages that an in-kernel user wrote, or could until now
 * @ct: the container; @ct->lock is held
 * @mapping: a mapping
 * @range: addresses within the mapping
 * Context: may sleep.
 */
void ng_dirty_mark(struct ng_container *ct, struct ng_mapping *mapping, struct ng_range range)
{
	struct ng_dirty_log *log = ng_dirty_log(ct, mapping);
	unsigned int shift = ct->dirty.page_shift;
	u64 first, last;

	if (!log)
		return;
	first = (range.first - mapping->range.first) >> shift;
	last = (range.last - mapping->range.first) >> shift;
	ng_dirt_add(&log->since, ng_dirty_mapping_pages(ct, mapping), first, last - first + 1);
}

/**
 * ng_dirty_group_joined() - count an attached group
 * @ct: the container; its topology is held for writing
 * @group: the group; if emulated, it has pinned scope from the start
 */
void ng_dirty_group_joined(struct ng_container *ct, struct ng_group *group)
{
	mutex_lock(&ct->lock);
	if (!group->pinned_scope)
		ct->dirty.nr_non_pinned_groups++;
	mutex_unlock(&ct->lock);
}

/**
 * ng_dirty_group_promote() - give a group pinned scope
 * @ct: the container; @ct->lock is held
 * @group: the group, which may have it already
 */
void ng_dirty_group_promote(struct ng_container *ct, struct ng_group *group)
{
	lockdep_assert_held(&ct->lock);
	if (group->pinned_scope)
		return;
	group->pinned_scope = true;
	ct->dirty.nr_non_pinned_groups--;
}

/**
 * ng_dirty_group_left() - mark what a detached group may have written
 * @ct: the container; its topology is held for writing
 * @group: the group
 */
void ng_dirty_group_left(struct ng_container *ct, struct ng_group *group)
{
	struct ng_dirty_log *log;
	unsigned int steps = 0;
	unsigned long number;

	mutex_lock(&ct->lock);
	if (!group->pinned_scope) {
		ct->dirty.nr_non_pinned_groups--;
		xa_for_each(&ct->dirty.logs, number, log) {
			ng_dirt_add_all(&log->since);
			ng_rest(&steps);
		}
	}
	mutex_unlock(&ct->lock);
}

/* Bits cannot be converted to another page size; "all" stays true. */
static void forget_bits(struct ng_dirt *dirt)
{
	if (dirt->bits)
		ng_dirt_add_all(dirt);
}

/**
 * ng_dirty_page_size_changed() - follow the container's smallest page
 * @ct: the container; its topology is held for writing
 */
void ng_dirty_page_size_changed(struct ng_container *ct)
{
	unsigned int shift = ilog2(ng_container_min_page(ct)), steps = 0;
	struct ng_dirty_log *log;
	unsigned long number;

	mutex_lock(&ct->lock);
	if (shift != ct->dirty.page_shift) {
		ct->dirty.page_shift = shift;
		xa_for_each(&ct->dirty.logs, number, log) {
			forget_bits(&log->since);
			forget_bits(&log->reported);
			ng_rest(&steps);
		}
	}
	mutex_unlock(&ct->lock);
}
