// SPDX-License-Identifier: GPL-2.0-only
/* Reports of dirty pages: take, copy to the user, then drop or put back. */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <compat/vfio.h>

#include "alloc.h"
#include "container.h"
#include "dirty.h"
#include "external.h"
#include "mapping.h"

#define WORD_BITS	64U

/* Copied at once: a page, less the spare word for ng_dirt_extract(). */
#define STRETCH_BITS	((PAGE_SIZE - sizeof(u64)) * BITS_PER_BYTE)

/**
 * struct report - a report that is copied to the user
 * @words: the user's bitmap
 * @range: what it is about; the first bit is for the first address
 * @page_shift: page size of a bit when the report began
 * @next: first address not handled yet, unless @done
 * @done: all addresses are handled
 * @buffer: a part of the bitmap, from the first bit of a word on
 */
struct report {
	u64 __user *words;
	struct ng_range range;
	unsigned int page_shift;
	u64 next;
	bool done;
	u64 *buffer;
};

/**
 * struct stretch - consecutive bits of one mapping
 * @first_bit: index of the first in the user's bitmap
 * @nbits: number of bits; 0 at the end
 */
struct stretch {
	u64 first_bit;
	unsigned int nbits;
};

/**
 * ng_dirty_begin_report() - exclude other reports, and allocate a buffer
 * @ct: the container; none of its locks is held
 * Return: 0; -ENOMEM; -EINTR on a fatal signal.
 */
int ng_dirty_begin_report(struct ng_container *ct)
{
	int ret = ng_dirty_lock_reports(ct);

	if (ret)
		return ret;
	ct->dirty.buffer = ng_kcalloc(1, PAGE_SIZE);
	if (ct->dirty.buffer)
		return 0;
	ng_dirty_unlock_reports(ct);
	return -ENOMEM;
}

void ng_dirty_end_report(struct ng_container *ct)
{
	kfree(ct->dirty.buffer);
	ct->dirty.buffer = NULL;
	ng_dirty_unlock_reports(ct);
}

/* The range cuts no mapping. */
static void take(struct ng_container *ct, struct ng_range range, enum ng_mapping_state state)
{
	struct ng_mapping *mapping;
	unsigned int steps = 0;

	lockdep_assert_held(&ct->dirty.reports);
	lockdep_assert_held(&ct->lock);

	/* Keep the lock: a new mapping could extend beyond the range. */
	ng_for_each_mapping(ct, mapping, range) {
		struct ng_dirty_log *log = ng_dirty_log(ct, mapping);

		ng_rest(&steps);
		if (!log || mapping->state != state)
			continue;
		log->reporting = true;
		log->reporting_all = ct->dirty.nr_non_pinned_groups;
		if (!log->reporting_all)
			ng_external_mark_dirty(ct, mapping);
		ng_dirt_move(&log->reported, &log->since, ng_dirty_mapping_pages(ct, mapping));
	}
}

/* End a report. What was not delivered goes into the next one. */
static void finish(struct ng_container *ct, struct ng_range range, bool delivered)
{
	struct ng_mapping *mapping;
	unsigned int steps;

	mutex_lock(&ct->lock);
	ng_for_each_mapping_resting(ct, mapping, range, steps) {
		struct ng_dirty_log *log = ng_dirty_log(ct, mapping);

		if (!log || !log->reporting)
			continue;
		log->reporting = false;
		if (delivered)
			ng_dirt_clear(&log->reported);
		else
			ng_dirt_move(&log->since, &log->reported, ng_dirty_mapping_pages(ct, mapping));
	}
	mutex_unlock(&ct->lock);
}

static void advance(struct report *report, u64 last)
{
	report->done = last >= report->range.last;
	report->next = last + 1;
}

static struct stretch extract(struct report *report, const struct ng_mapping *mapping, const struct ng_dirty_log *log)
{
	static const struct ng_dirt everything = { .all = true };
	u64 from = max(report->next, mapping->range.first);
	u64 left = ((mapping->range.last - from) >> report->page_shift) + 1;
	struct stretch stretch = { .first_bit = (from - report->range.first) >> report->page_shift };
	unsigned int offset = stretch.first_bit % WORD_BITS;

	/* End with a word: only the first stretch can begin inside one. */
	stretch.nbits = min_t(u64, left, STRETCH_BITS - offset);
	ng_dirt_extract(log->reporting_all ? &everything : &log->reported,
			(from - mapping->range.first) >> report->page_shift, stretch.nbits, offset,
			(unsigned long *)report->buffer);
	advance(report, from + ((u64)stretch.nbits << report->page_shift) - 1);
	return stretch;
}

/* A mapping made after the report began is not part of it. */
static struct stretch next_stretch(struct ng_container *ct, struct report *report)
{
	struct stretch stretch = {};
	unsigned int steps = 0;

	mutex_lock(&ct->lock);
	while (!report->done && !stretch.nbits) {
		struct ng_range left = { .first = report->next, .last = report->range.last };
		struct ng_mapping *mapping = ng_mapping_first(ct, left);
		const struct ng_dirty_log *log = mapping ? ng_dirty_log(ct, mapping) : NULL;

		if (!mapping)
			report->done = true;
		else if (log && log->reporting)
			stretch = extract(report, mapping, log);
		else
			advance(report, mapping->range.last);
		ng_container_rest(ct, &steps);
	}
	mutex_unlock(&ct->lock);
	return stretch;
}

/* Keep the bits of the mapping before, in a first word that is shared. */
static int copy_stretch(struct report *report, struct stretch stretch)
{
	u64 __user *words = report->words + stretch.first_bit / WORD_BITS;
	unsigned int offset = stretch.first_bit % WORD_BITS;

	if (offset) {
		u64 before;

		if (copy_from_user(&before, words, sizeof(before)))
			return -EFAULT;
		report->buffer[0] |= before;
	}
	if (copy_to_user(words, report->buffer, DIV_ROUND_UP(offset + stretch.nbits, WORD_BITS) * sizeof(u64)))
		return -EFAULT;
	return 0;
}

static int copy(struct ng_container *ct, struct report *report)
{
	struct stretch stretch;
	int ret;

	while ((stretch = next_stretch(ct, report)).nbits) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = copy_stretch(report, stretch);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

static int deliver(struct ng_container *ct, struct ng_range range, unsigned int page_shift, u64 __user *words)
{
	struct report report = {
		.words = words,
		.range = range,
		.page_shift = page_shift,
		.next = range.first,
		.buffer = ct->dirty.buffer,
	};
	int ret = copy(ct, &report);

	finish(ct, range, !ret);
	return ret;
}

/**
 * ng_dirty_can_report() - check that tracking is on, and a bitmap's page size
 * @ct: the container; reports and @ct->lock are held
 * @bitmap: the user's bitmap
 */
bool ng_dirty_can_report(struct ng_container *ct, const struct vfio_bitmap *bitmap)
{
	lockdep_assert_held(&ct->lock);
	return ct->dirty.on && bitmap->pgsize == BIT_ULL(ct->dirty.page_shift);
}

/**
 * ng_dirty_get() - report what is dirty in a range
 * @ct: the container
 * @iova: first address
 * @size: length in bytes; the range is checked
 * @bitmap: the user's bitmap, checked against @size
 * Return: 0; -EINVAL if tracking is off, the page size is not the smallest, or
 * the range is not aligned or cuts a mapping; -ENOMEM; -EFAULT; -EINTR.
 */
int ng_dirty_get(struct ng_container *ct, u64 iova, u64 size, const struct vfio_bitmap *bitmap)
{
	const struct ng_unmap_request whole_mappings = { .iova = iova, .size = size };
	unsigned int page_shift;
	struct ng_range range;
	bool can_report;
	int ret;

	ret = ng_dirty_begin_report(ct);
	if (ret)
		return ret;
	ret = ng_mappings_lock_for_report(ct, &whole_mappings, &range);
	if (ret)
		goto end;

	page_shift = ct->dirty.page_shift;
	can_report = ng_dirty_can_report(ct, bitmap);
	if (can_report)
		take(ct, range, NG_MAPPING_LIVE);
	mutex_unlock(&ct->lock);
	ng_container_leave(ct);

	ret = can_report ? deliver(ct, range, page_shift, bitmap->data) : -EINVAL;
end:
	ng_dirty_end_report(ct);
	return ret;
}

/**
 * ng_dirty_report_emptying() - report what is dirty in mappings being removed
 * @ct: the container, entered, without @ct->lock; ng_dirty_can_report() is true
 * @range: the range that is being unmapped
 * @bitmap: the user's bitmap
 * Return: 0; -EFAULT; -EINTR on a fatal signal.
 */
int ng_dirty_report_emptying(struct ng_container *ct, struct ng_range range, const struct vfio_bitmap *bitmap)
{
	unsigned int page_shift;

	mutex_lock(&ct->lock);
	page_shift = ct->dirty.page_shift;
	take(ct, range, NG_MAPPING_EMPTYING);
	mutex_unlock(&ct->lock);

	return deliver(ct, range, page_shift, bitmap->data);
}
