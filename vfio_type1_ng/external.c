// SPDX-License-Identifier: GPL-2.0-only
/* Records of what in-kernel users hold; see external.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "container.h"
#include "dirty.h"
#include "external.h"
#include "mapping.h"
#include "turn.h"

/* The kernel's own type holds it, as it holds every address that can be mapped. */
static unsigned long index_of(u64 iova)
{
	return iova >> PAGE_SHIFT;
}

/* Every record of a range, in ascending order, with the container's lock or its topology held for writing. */
#define for_each_pin(ct, index, pin, range) \
	xa_for_each_range(&(ct)->external, index, pin, index_of((range).first), index_of((range).last))

/* Is the page at an address held, or does it change hands? */
bool ng_external_has_record(struct ng_container *ct, u64 iova)
{
	lockdep_assert_held(&ct->lock);
	return xa_load(&ct->external, index_of(iova));
}

/* The record of the page at an address if it changes hands, to wait for; or NULL. */
const struct ng_external_pin *ng_external_changing_hands(struct ng_container *ct, u64 iova)
{
	const struct ng_external_pin *pin = xa_load(&ct->external, index_of(iova));

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
	unsigned long index = index_of(range.first);

	lockdep_assert_held(&ct->lock);
	if (!xa_find(&ct->external, &index, index_of(range.last), XA_PRESENT))
		return false;
	*iova = (u64)index << PAGE_SHIFT;
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
	struct ng_external_pin *pin = xa_load(&ct->external, index_of(iova));

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
	int ret;

	lockdep_assert_held(&ct->lock);
	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return -ENOMEM;

	ret = xa_insert(&ct->external, index_of(iova), pin, GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(pin);
		return ret;
	}
	ct->nr_external++;
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
	struct ng_external_pin *pin = xa_load(&ct->external, index_of(iova));

	lockdep_assert_held(&ct->lock);
	*pin = (struct ng_external_pin){ .pfn = pfn, .users = 1, .pinned = pinned };
	ng_turn_settled(ct, pin);
}

static void erase(struct ng_container *ct, unsigned long index, struct ng_external_pin *pin)
{
	xa_erase(&ct->external, index);
	kfree(pin);
	ct->nr_external--;
}

/* Ends a record that has no users: the page could not be pinned, or is unpinned. */
void ng_external_erase(struct ng_container *ct, u64 iova)
{
	struct ng_external_pin *pin = xa_load(&ct->external, index_of(iova));

	lockdep_assert_held(&ct->lock);
	ng_turn_settled(ct, pin);
	erase(ct, index_of(iova), pin);
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
	struct ng_external_pin *pin = xa_load(&ct->external, index_of(iova));

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
	unsigned long index, n = 0;
	unsigned int steps = 0;

	for_each_pin(ct, index, pin, mapping->range) {
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
	unsigned long index;

	for_each_pin(ct, index, pin, mapping->range) {
		u64 first = (u64)index << PAGE_SHIFT;

		if (!pin->users)
			continue;
		ng_dirty_mark(ct, mapping, (struct ng_range){ .first = first, .last = first + PAGE_SIZE - 1 });
		ng_rest(&steps);
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
	struct ng_external_pin *pin;
	unsigned long index, n = 0;
	unsigned int steps = 0;

	lockdep_assert_held(&ct->lock);
	for_each_pin(ct, index, pin, mapping->range) {
		erase(ct, index, pin);
		n++;
		ng_rest(&steps);
	}
	if (n)
		pr_err_ratelimited("a device driver closed its device without unpinning %lu pages at IOVA %#llx to %#llx; they stay pinned until the next boot\n",
				   n, mapping->range.first, mapping->range.last);
}
