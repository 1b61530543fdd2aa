/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty tracking: telling user space which pages devices may have written to, for live migration.
 *
 * A device behind an IOMMU writes unseen.  While a group of such devices is in the container, every page that is mapped
 * counts as dirty in every report.  The exception is a group whose driver in the kernel takes its pages with
 * vfio_pin_pages(): it reaches nothing else, so it has the pinned-page scope.  With only such groups, dirty is
 *
 *   - what is pinned at the time of a report, because it may be written to at any time;
 *   - what was unpinned or written through vfio_dma_rw() since the last report, which ng_dirty_mark() is called for;
 *   - everything, once, after a group without that scope has left.
 *
 * A report takes the dirt out of the mappings first, then copies it to the user without any lock that others need, and
 * then drops it, or puts it back if the copy failed.  So a page is forgotten only when the whole call has succeeded,
 * what is dirtied meanwhile goes into the next report, and user memory that faults for ever holds up only START, STOP
 * and other reports.  A report on what is being unmapped holds up, besides, those who attach and detach groups.
 *
 * Invariants: while tracking is on, every mapping but those being filled has a log, and while it is
 * off, none has, but for those that a START or STOP under way has not come to; a mapping is
 * reporting only while somebody holds the reports mutex; bits count pages of the size in page_shift, and give
 * way to "everything" when that changes.
 *
 * Locks, outermost first: reports, the container's topology, the container's lock.
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

/* The largest bitmap that a report can be asked for; one bit more than NG_DIRT_MAX_PAGES. */
#define NG_DIRTY_MAX_BITMAP_BYTES	(256UL << 20)

/**
 * struct ng_dirty_tracking - a container's part
 * @reports: held by START, STOP and whoever reports, also while user memory is accessed
 * @buffer: a page for whoever reports, under @reports
 * @on: pages are tracked, under the container's lock
 * @page_shift: size of the pages that bits stand for, under the container's lock
 * @nr_non_pinned_groups: groups that may write to all that is mapped, under the container's lock
 * @logs: struct ng_dirty_log by number, from 1 on, under the container's lock
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
 * struct ng_dirty_log - a mapping's part, which exists while tracking is on, and which the mapping knows by its number
 * @since: what was dirtied since the last report
 * @reported: what a report has taken that has not succeeded yet
 * @reporting: there is such a report
 * @reporting_all: it says that everything is dirty, whatever @reported is
 *
 * Under the container's lock.
 */
struct ng_dirty_log {
	struct ng_dirt since;
	struct ng_dirt reported;
	bool reporting;
	bool reporting_all;
};

/* What user space asks for; see dirty_ioctl.c. */
int ng_dirty_start(struct ng_container *ct);
int ng_dirty_stop(struct ng_container *ct);
int ng_dirty_get(struct ng_container *ct, u64 iova, u64 size, const struct vfio_bitmap *bitmap);

/*
 * For in-kernel users, with the container's lock held, whether or not tracking is on.
 *
 * Unpinning a page marks it, and so does writing to it for the caller of vfio_dma_rw().  What is pinned needs no mark:
 * take() in dirty.c marks that before each report.  The first successful vfio_pin_pages() of a group promotes it.
 */
void ng_dirty_mark(struct ng_container *ct, struct ng_mapping *mapping, struct ng_range range);
void ng_dirty_group_promote(struct ng_container *ct, struct ng_group *group);

/* For groups that come and go, with the topology held for writing. */
void ng_dirty_group_joined(struct ng_container *ct, struct ng_group *group);
void ng_dirty_group_left(struct ng_container *ct, struct ng_group *group);
void ng_dirty_page_size_changed(struct ng_container *ct);

/* For mappings that come and go, with the container's lock held. */
u64 ng_dirty_mapping_pages(const struct ng_container *ct, const struct ng_mapping *mapping);
int ng_dirty_track(struct ng_container *ct, struct ng_mapping *mapping);
void ng_dirty_untrack(struct ng_container *ct, struct ng_mapping *mapping);
struct ng_dirty_log *ng_dirty_log(struct ng_container *ct, const struct ng_mapping *mapping);

/* Against START, STOP and reports. */
int ng_dirty_lock_reports(struct ng_container *ct);
void ng_dirty_unlock_reports(struct ng_container *ct);

/* For unmapping with a report: begin it, then ask if it can be made, then make it, then end it. */
int ng_dirty_begin_report(struct ng_container *ct);
void ng_dirty_end_report(struct ng_container *ct);
bool ng_dirty_can_report(struct ng_container *ct, const struct vfio_bitmap *bitmap);
int ng_dirty_report_emptying(struct ng_container *ct, struct ng_range range, const struct vfio_bitmap *bitmap);

void ng_dirty_init(struct ng_container *ct);
void ng_dirty_exit(struct ng_container *ct);

#endif
