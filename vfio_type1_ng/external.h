/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * External pins: pages that in-kernel users hold. A page is charged once: by
 * its mapping while the container has a domain, by its record while it has
 * none. replay.c switches between the two.
 *
 * A page is pinned and unpinned without the container's lock, with its record
 * in transition. The record is reserved before pinning and completed after; it
 * is erased after unpinning and uncharging, so no page is charged twice. Calls
 * that need a page in transition wait for it (see turn.h).
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
 * @node: node in the container's tree
 * @iova: I/O virtual address of the page
 * @pfn: its frame
 * @users: times that it was pinned and not unpinned; 0 while in transition
 * @pinned: the page is pinned, unlike the zero page and device memory
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
