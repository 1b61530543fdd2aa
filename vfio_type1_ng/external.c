// SPDX-License-Identifier: GPL-2.0-only
/* Records of external pins. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "alloc.h"
#include "container.h"
#include "dirty.h"
#include "external.h"
#include "mapping.h"
#include "turn.h"

static u64 page_of(u64 iova)
{
	return iova & PAGE_MASK;
}

static struct ng_external_pin *pin_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct ng_external_pin, node);
}

static struct ng_external_pin *find_from(struct ng_container *ct, u64 iova)
{
	struct rb_node *node = ct->external.rb_node;
	struct ng_external_pin *found = NULL;

	while (node) {
		struct ng_external_pin *pin = pin_of(node);

		if (pin->iova < page_of(iova)) {
			node = node->rb_right;
		} else {
			found = pin;
			node = node->rb_left;
		}
	}
	return found;
}

static struct ng_external_pin *find(struct ng_container *ct, u64 iova)
{
	struct ng_external_pin *pin = find_from(ct, iova);

	return pin && pin->iova == page_of(iova) ? pin : NULL;
}

static void insert(struct ng_container *ct, struct ng_external_pin *pin)
{
	struct rb_node **link = &ct->external.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = pin->iova < pin_of(parent)->iova ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&pin->node, parent, link);
	rb_insert_color(&pin->node, &ct->external);
	ct->nr_external++;
}

static void erase(struct ng_container *ct, struct ng_external_pin *pin)
{
	rb_erase(&pin->node, &ct->external);
	kfree(pin);
	ct->nr_external--;
}

static struct ng_external_pin *find_first(struct ng_container *ct, struct ng_range range)
{
	struct ng_external_pin *pin = find_from(ct, range.first);

	return pin && pin->iova <= range.last ? pin : NULL;
}

static struct ng_external_pin *find_next(struct ng_external_pin *pin, struct ng_range range)
{
	pin = pin_of(rb_next(&pin->node));
	return pin && pin->iova <= range.last ? pin : NULL;
}

/* In ascending order; @lock is held, or @topology for writing. */
#define for_each_pin(ct, pin, range)						\
	for (pin = find_first(ct, range); pin; pin = find_next(pin, range))

bool ng_external_has_record(struct ng_container *ct, u64 iova)
{
	lockdep_assert_held(&ct->lock);
	return find(ct, iova);
}

const struct ng_external_pin *ng_external_changing_hands(struct ng_container *ct, u64 iova)
{
	const struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	return pin && !pin->users ? pin : NULL;
}

/**
 * ng_external_first() - find the first page of a range that has a record
 * @ct: the container; @ct->lock is held
 * @range: the range
 * @iova: set to the address of the page
 * Return: false if there is none.
 */
bool ng_external_first(struct ng_container *ct, struct ng_range range, u64 *iova)
{
	struct ng_external_pin *pin = find_first(ct, range);

	lockdep_assert_held(&ct->lock);
	if (!pin)
		return false;
	*iova = pin->iova;
	return true;
}

/**
 * ng_external_hold() - add a user to a held page
 * @ct: the container; @ct->lock is held
 * @iova: address of the page
 * @pfn: set to its frame
 * Return: false if the page is not held.
 */
bool ng_external_hold(struct ng_container *ct, u64 iova, unsigned long *pfn)
{
	struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	if (!pin || !pin->users)
		return false;
	pin->users++;
	*pfn = pin->pfn;
	return true;
}

/**
 * ng_external_reserve() - create the record of a page that is pinned next
 * @ct: the container; @ct->lock is held
 * @iova: address of a page without a record, in a mapping that is borrowed next
 * Return: 0 or -ENOMEM.
 */
int ng_external_reserve(struct ng_container *ct, u64 iova)
{
	struct ng_external_pin *pin;

	lockdep_assert_held(&ct->lock);
	pin = ng_kzalloc(sizeof(*pin));
	if (!pin)
		return -ENOMEM;
	pin->iova = page_of(iova);
	insert(ct, pin);
	return 0;
}

/**
 * ng_external_complete() - record that a page is held
 * @ct: the container; @ct->lock is held
 * @iova: address of the page, reserved by the caller
 * @pfn: its frame
 * @pinned: it was pinned for this
 */
void ng_external_complete(struct ng_container *ct, u64 iova, unsigned long pfn, bool pinned)
{
	struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	pin->pfn = pfn;
	pin->users = 1;
	pin->pinned = pinned;
	ng_turn_settled(ct, pin);
}

/* The record has no users: the page was not pinned, or is unpinned. */
void ng_external_erase(struct ng_container *ct, u64 iova)
{
	struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	ng_turn_settled(ct, pin);
	erase(ct, pin);
}

/**
 * ng_external_drop() - remove a user from a held page
 * @ct: the container; @ct->lock is held
 * @iova: address of the page
 * @last: set to the record if no user is left: unpin, then ng_external_erase()
 * Return: true if @last was set.
 */
bool ng_external_drop(struct ng_container *ct, u64 iova, struct ng_external_pin *last)
{
	struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	if (!pin || !pin->users || --pin->users)
		return false;
	*last = *pin;
	WRITE_ONCE(ct->external_drops, ct->external_drops + 1);
	return true;
}

/* As for mappings, reserved pages do not count as locked memory. */
bool ng_external_charged(const struct ng_external_pin *pin)
{
	return pin->pinned && !PageReserved(pfn_to_page(pin->pfn));
}

unsigned long ng_external_chargeable(struct ng_container *ct, const struct ng_mapping *mapping)
{
	struct ng_external_pin *pin;
	unsigned int steps = 0;
	unsigned long n = 0;

	for_each_pin(ct, pin, mapping->range) {
		n += ng_external_charged(pin);
		ng_rest(&steps);
	}
	return n;
}

void ng_external_mark_dirty(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_external_pin *pin;
	unsigned int steps = 0;

	for_each_pin(ct, pin, mapping->range) {
		ng_rest(&steps);
		if (!pin->users)
			continue;
		ng_dirty_mark(ct, mapping, (struct ng_range){
			.first = pin->iova,
			.last = pin->iova + PAGE_SIZE - 1,
		});
	}
}

/**
 * ng_external_abandon() - forget what is held in a mapping that is removed
 * @ct: the container; @ct->lock is held
 * @mapping: a mapping that is unmapped from every domain
 *
 * All devices are closed: only a driver that did not unpin has left records. It
 * may still use the pages, which stay pinned.
 */
void ng_external_abandon(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_external_pin *pin, *next;
	unsigned int steps = 0;
	unsigned long n = 0;

	lockdep_assert_held(&ct->lock);
	for (pin = find_first(ct, mapping->range); pin; pin = next) {
		next = find_next(pin, mapping->range);
		erase(ct, pin);
		n++;
		ng_rest(&steps);
	}
	if (n)
		pr_err_ratelimited("a device driver closed its device without unpinning %lu pages at IOVA %#llx to %#llx; they stay pinned until the next boot\n",
				   n, mapping->range.first, mapping->range.last);
}
