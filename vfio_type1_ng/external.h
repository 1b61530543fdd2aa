/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * External pins: pages of a mapping that in-kernel users hold, besides what the mapping itself pins for the domains.
 *
 * One record for each page, with a count of who holds it; the container has them in a tree of their
 * own, because few mappings have any.  A page is charged to the mapping's owner once: by the
 * mapping while the container has a domain, by its record while it has none.  So a mapping's
 * charged pages are those of its runs, or, without runs, those that ng_external_chargeable()
 * counts; who makes or drops the last domain sees to that (replay.c).
 *
 * Records are read and written under the container's lock.  A page changes hands without it: who pins one, as a borrower
 * of the mapping, makes its record before, without users, and completes it after; who drops the last hold erases the record
 * after the page is unpinned and no longer charged.  So no page is ever charged twice.  Who wants a page that changes hands
 * waits for that (see turn.h).
 */
#ifndef NG_EXTERNAL_H
#define NG_EXTERNAL_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "range.h"

struct ng_container;
struct ng_mapping;

/**
 * struct ng_external_pin - a page that in-kernel users hold
 * @node: place in the container's tree
 * @iova: I/O virtual address of the page
 * @pfn: its frame
 * @users: how many times it was pinned and not unpinned; 0 while it changes hands
 * @pinned: we hold it; not so the zero page and device memory, which nobody has to hold
 */
struct ng_external_pin {
	struct rb_node node;
	u64 iova;
	unsigned long pfn;
	unsigned int users;
	bool pinned;
};

bool ng_external_first(struct ng_container *ct, struct ng_range range, u64 *iova);
bool ng_external_has_record(struct ng_container *ct, u64 iova);
const struct ng_external_pin *ng_external_changing_hands(struct ng_container *ct, u64 iova);
bool ng_external_hold(struct ng_container *ct, u64 iova, unsigned long *pfn);
int ng_external_reserve(struct ng_container *ct, u64 iova);
void ng_external_complete(struct ng_container *ct, u64 iova, unsigned long pfn, bool pinned);
void ng_external_erase(struct ng_container *ct, u64 iova);
bool ng_external_drop(struct ng_container *ct, u64 iova, struct ng_external_pin *last);

bool ng_external_charged(const struct ng_external_pin *pin);
unsigned long ng_external_chargeable(struct ng_container *ct, const struct ng_mapping *mapping);
void ng_external_mark_dirty(struct ng_container *ct, struct ng_mapping *mapping);
void ng_external_abandon(struct ng_container *ct, struct ng_mapping *mapping);

#endif
