// SPDX-License-Identifier: GPL-2.0-only
/* Records of what in-kernel users hold; see external.h. */
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

/* The record of the first page at or behind an address, or NULL. */
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

/* The record of the page at an address, or NULL. */
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

/* The record of the first page of a range that has one, or NULL. */
static struct ng_external_pin *find_first(struct ng_container *ct, struct ng_range range)
{
	struct ng_external_pin *pin = find_from(ct, range.first);

	return pin && pin->iova <= range.last ? pin : NULL;
}

/* The record of the next page of a range that has one, or NULL. */
static struct ng_external_pin *find_next(struct ng_external_pin *pin, struct ng_range range)
{
	pin = pin_of(rb_next(&pin->node));
	return pin && pin->iova <= range.last ? pin : NULL;
}

/* Every record of a range, in ascending order, with the container's lock or its topology held for writing. */
#define for_each_pin(ct, pin, range)						\
	for (pin = find_first(ct, range); pin; pin = find_next(pin, range))

/* Is the page at an address held, or does it change hands? */
bool ng_external_has_record(struct ng_container *ct, u64 iova)
{
	lockdep_assert_held(&ct->lock);
	return find(ct, iova);
}

/* The record of the page at an address if it changes hands, to wait for; or NULL. */
const struct ng_external_pin *ng_external_changing_hands(struct ng_container *ct, u64 iova)
{
	const struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	return pin && !pin->users ? pin : NULL;
}

/**
 * ng_external_first() - find the first page of a range that is held or changes hands
 * @ct: the container; @ct->lock is held
 * @range: the range
 * @iova: set to the address of the page
 *
 * Return: false if none is.
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
 * ng_external_hold() - hold a page once more
 * @ct: the container; @ct->lock is held
 * @iova: address of the page
 * @pfn: set to its frame
 *
 * Return: false if nobody holds it yet.
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
 * ng_external_reserve() - make the record of a page that is going to be pinned
 * @ct: the container; @ct->lock is held
 * @iova: address of the page, which has no record, in a mapping that the caller is going to borrow
 *
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
 * ng_external_complete() - say that a page is held now
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

/* Ends a record that has no users: the page could not be pinned, or is unpinned. */
void ng_external_erase(struct ng_container *ct, u64 iova)
{
	struct ng_external_pin *pin = find(ct, iova);

	lockdep_assert_held(&ct->lock);
	ng_turn_settled(ct, pin);
	erase(ct, pin);
}

/**
 * ng_external_drop() - hold a page once less
 * @ct: the container; @ct->lock is held
 * @iova: address of the page
 * @last: set to the record if this was the last hold; the caller lets go of the page, then ends the record with
 *	ng_external_erase()
 *
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

/* Does this page count as locked memory?  As for the mapping itself, those that are the kernel's own do not. */
bool ng_external_charged(const struct ng_external_pin *pin)
{
	return pin->pinned && !PageReserved(pfn_to_page(pin->pfn));
}

/* How many of the pages held in a mapping count as locked memory. */
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

/* Marks what is held, which may be written to at any time. */
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
 * ng_external_abandon() - forget what in-kernel users hold in a mapping that ends
 * @ct: the container; @ct->lock is held
 * @mapping: a mapping that is unmapped from every domain
 *
 * Every device of the container is closed then, so a record tells of a driver that did not clean up.  It may still reach
 * the pages, so nobody may use them for anything else: they stay pinned.
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
