/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty tracking: which pages devices may have written, for live migration.
 *
 * A device behind an IOMMU writes unseen. So all mapped pages are dirty in
 * every report, unless the drivers of all groups pin the pages that they use
 * with vfio_pin_pages() (pinned scope). Then, dirty is
 *
 *   - what is pinned when the report is made;
 *   - what was unpinned or written by vfio_dma_rw() since the last report;
 *   - everything, once, after a group without pinned scope has left.
 *
 * A report sets the dirty pages aside, copies them to the user without the
 * container's lock, then drops them, or puts them back if that failed. If
 * faults in user memory last, they delay only START, STOP and other reports,
 * and during an unmap also attach and detach.
 *
 * Invariants: While tracking is on, every mapping that is not being filled has
 * a log; while it is off, none has (START and STOP under way may not have
 * reached all). A log is reporting only while reports is held. Bits stand for
 * pages of page_shift; when that changes, any bits become "all".
 */
#ifndef NG_DIRTY_H
#define NG_DIRTY_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "dirt.h"
#include "range.h"

struct ng_container;
struct ng_group;
struct ng_mapping;
struct vfio_bitmap;

/* The largest dirty bitmap; one bit more than NG_DIRT_MAX_PAGES. */
#define NG_DIRTY_MAX_BITMAP_BYTES	(256UL << 20)

/**
 * struct ng_dirty_tracking - dirty tracking of a container
 * @reports: held by START, STOP and reports, also during access to user memory
 * @buffer: a page for the report under way, under @reports
 * @on: tracking is on, under ct->lock
 * @page_shift: page size of a bit, under ct->lock
 * @nr_non_pinned_groups: groups without pinned scope, under ct->lock
 * @logs: struct ng_dirty_log by index, from 1, under ct->lock
 */
struct ng_dirty_tracking {
	struct mutex reports;
	u64 *buffer;
	bool on;
	u8 page_shift;
	unsigned int nr_non_pinned_groups;
	struct xarray logs;
};

/**
 * struct ng_dirty_log - dirty pages of a mapping, under ct->lock
 * @since: pages dirtied since the last report
 * @reported: pages in a report that has not succeeded yet
 * @reporting: there is such a report
 * @reporting_all: all pages are dirty in that report, whatever is in @reported
 */
struct ng_dirty_log {
	struct ng_dirt since;
	struct ng_dirt reported;
	bool reporting;
	bool reporting_all;
};

int ng_dirty_start(struct ng_container *ct);
int ng_dirty_stop(struct ng_container *ct);
int ng_dirty_get(struct ng_container *ct, u64 iova, u64 size, const struct vfio_bitmap *bitmap);

/* For in-kernel users. take() in dirty_report.c marks pinned pages. */
void ng_dirty_mark(struct ng_container *ct, struct ng_mapping *mapping, struct ng_range range);
void ng_dirty_group_promote(struct ng_container *ct, struct ng_group *group);

/* For attach and detach, with the topology held for writing. */
void ng_dirty_group_joined(struct ng_container *ct, struct ng_group *group);
void ng_dirty_group_left(struct ng_container *ct, struct ng_group *group);
void ng_dirty_page_size_changed(struct ng_container *ct);

/* For mappings, with the container's lock held. */
u64 ng_dirty_mapping_pages(const struct ng_container *ct, const struct ng_mapping *mapping);
int ng_dirty_track(struct ng_container *ct, struct ng_mapping *mapping);
void ng_dirty_untrack(struct ng_container *ct, struct ng_mapping *mapping);
struct ng_dirty_log *ng_dirty_log(struct ng_container *ct, const struct ng_mapping *mapping);

int ng_dirty_lock_reports(struct ng_container *ct);
void ng_dirty_unlock_reports(struct ng_container *ct);

/* An unmap with a report: begin, check, report, end. */
int ng_dirty_begin_report(struct ng_container *ct);
void ng_dirty_end_report(struct ng_container *ct);
bool ng_dirty_can_report(struct ng_container *ct, const struct vfio_bitmap *bitmap);
int ng_dirty_report_emptying(struct ng_container *ct, struct ng_range range, const struct vfio_bitmap *bitmap);

void ng_dirty_init(struct ng_container *ct);
void ng_dirty_exit(struct ng_container *ct);

#endif
