// SPDX-License-Identifier: GPL-2.0-only
/* The tree of mappings: taking and freeing ranges, and the rules of MAP and UNMAP.  See mapping.h for the states. */
#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <compat/mm.h>

#include "access.h"
#include "account.h"
#include "alloc.h"
#include "container.h"
#include "dirty.h"
#include "external.h"
#include "mapping.h"
#include "transfer.h"
#include "turn.h"

/* There can be many mappings.  Stock's have the same size, without the run, which they do not remember. */
static struct kmem_cache *mapping_cache;
static_assert(sizeof(struct ng_mapping) <= 96);

int __init ng_mapping_cache_init(void)
{
	mapping_cache = KMEM_CACHE(ng_mapping, COMPAT_SLAB_NO_MERGE);
	return mapping_cache ? 0 : -ENOMEM;
}

void ng_mapping_cache_exit(void)
{
	kmem_cache_destroy(mapping_cache);
}

static struct ng_mapping *mapping_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct ng_mapping, node);
}

/* Does the range begin above every mapping?  It does for programs that map in ascending order, as most do. */
static bool above_all(const struct ng_container *ct, struct ng_range range)
{
	return !ct->highest || ct->highest->range.last < range.first;
}

/* As ng_mapping_first(), by looking for it. */
static noinline struct ng_mapping *search(struct ng_container *ct, struct ng_range range)
{
	struct rb_node *node = ct->mappings.rb_node;
	struct ng_mapping *lowest = NULL;

	while (node) {
		struct ng_mapping *mapping = mapping_of(node);

		if (mapping->range.last < range.first) {
			node = node->rb_right;
		} else {
			lowest = mapping;
			node = node->rb_left;
		}
	}
	WRITE_ONCE(ct->latest, lowest);
	return lowest && lowest->range.first <= range.last ? lowest : NULL;
}

/*
 * The mapping with the lowest address that overlaps the range, or NULL.  Mappings do not overlap each other, so a tree
 * ordered by address finds it without the upper bounds that an interval tree keeps in each node.  What one request asks
 * for is asked for several times, so the latest answer is kept.
 */
struct ng_mapping *ng_mapping_first(struct ng_container *ct, struct ng_range range)
{
	struct ng_mapping *latest = READ_ONCE(ct->latest);

	if (above_all(ct, range))
		return NULL;
	if (latest && latest->range.first <= range.first && latest->range.last >= range.first)
		return latest;
	return search(ct, range);
}

/* The next one that overlaps the range, or NULL. */
struct ng_mapping *ng_mapping_next(struct ng_mapping *mapping, struct ng_range range)
{
	struct ng_mapping *next;

	if (mapping->range.last >= range.last)
		return NULL;
	next = mapping_of(rb_next(&mapping->node));
	return next && next->range.first <= range.last ? next : NULL;
}

/* As ng_mapping_next(), and lets others have the container's lock now and then. */
struct ng_mapping *ng_mapping_next_resting(struct ng_container *ct, struct ng_mapping *mapping,
					   struct ng_range range, unsigned int *steps)
{
	u64 last = mapping->range.last;

	if (last >= range.last || !ng_container_rest(ct, steps))
		return ng_mapping_next(mapping, range);
	range.first = last + 1;
	return ng_mapping_first(ct, range);
}

static void insert(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct rb_node **link = &ct->mappings.rb_node, *parent = NULL;

	if (above_all(ct, mapping->range)) {
		if (ct->highest) {
			parent = &ct->highest->node;
			link = &parent->rb_right;
		}
		ct->highest = mapping;
	}
	while (*link) {
		parent = *link;
		link = mapping->range.first < mapping_of(parent)->range.first ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&mapping->node, parent, link);
	rb_insert_color(&mapping->node, &ct->mappings);
	ct->nr_mappings++;
	ct->entries_left--;
}

/* Frees the mapping's range and the mapping, which backs nothing any more. */
static void remove(struct ng_container *ct, struct ng_mapping *mapping)
{
	ng_turn_settled(ct, mapping);
	/* Whoever unmaps one by one goes on with the next. */
	if (mapping == ct->latest)
		WRITE_ONCE(ct->latest, mapping_of(rb_next(&mapping->node)));
	if (mapping == ct->highest)
		ct->highest = mapping_of(rb_prev(&mapping->node));
	rb_erase(&mapping->node, &ct->mappings);
	if (ct->nr_external)
		ng_external_abandon(ct, mapping);
	if (mapping->vaddr_invalid)
		ct->nr_vaddr_invalid--;
	ct->nr_mappings--;
	ct->entries_left++;
	ng_dirty_untrack(ct, mapping);
	ng_owner_put(mapping->owner);
	kmem_cache_free(mapping_cache, mapping);
}

/**
 * ng_mapping_borrow() - keep a live mapping as it is without the container's lock
 * @ct: the container, entered; @ct->lock is held, and dropped
 * @mapping: a live mapping
 *
 * Others may borrow it too.  The borrower must not wait for another mapping.
 */
void ng_mapping_borrow(struct ng_container *ct, struct ng_mapping *mapping)
{
	lockdep_assert_held(&ct->lock);
	mapping->nr_borrowers++;
	mutex_unlock(&ct->lock);
}

/* Ends a loan.  @ct->lock is held again. */
void ng_mapping_give_back(struct ng_container *ct, struct ng_mapping *mapping)
{
	lockdep_assert_held(&ct->lock);
	if (!--mapping->nr_borrowers)
		ng_turn_settled(ct, mapping);
}

static int enter_and_lock(struct ng_container *ct, struct ng_range range, bool alone)
{
	int ret = ng_container_enter(ct);

	if (ret)
		return ret;
	mutex_lock(&ct->lock);
	ret = ng_turn_wait(ct, range, alone);
	if (!ret)
		return 0;
	mutex_unlock(&ct->lock);
	ng_container_leave(ct);
	return ret;
}

/**
 * ng_mappings_lock() - enter and lock a container to look at a range
 * @ct: the container
 * @range: the range
 *
 * Return: 0, with the container entered, @ct->lock held and every mapping in the range live; or a negative errno with
 * nothing held.
 */
int ng_mappings_lock(struct ng_container *ct, struct ng_range range)
{
	return enter_and_lock(ct, range, false);
}

/* As ng_mappings_lock(), at a moment when nobody borrows a mapping in the range. */
int ng_mappings_lock_alone(struct ng_container *ct, struct ng_range range)
{
	return enter_and_lock(ct, range, true);
}

/* Are the addresses and the length of a request to map whole pages of every domain? */
bool ng_map_request_aligned(struct ng_container *ct, const struct ng_map_request *request)
{
	u64 mask = ng_container_min_page(ct) - 1;

	return !((request->range.first | request->vaddr | (request->range.last + 1)) & mask);
}

/* May this range be mapped now?  Every mapping in it is live. */
static int check_map(struct ng_container *ct, const struct ng_map_request *request)
{
	if (!ng_map_request_aligned(ct, request))
		return -EINVAL;
	if (ng_mapping_first(ct, request->range))
		return -EEXIST;
	if (!ct->entries_left)
		return -ENOSPC;
	/* Without a domain, every address is as good as another. */
	if (!list_empty(&ct->domains) && !ng_iova_windows_contain(&ct->windows, request->range))
		return -EINVAL;
	return 0;
}

/* Takes the range, or says why not. */
static struct ng_mapping *reserve(struct ng_container *ct, const struct ng_map_request *request)
{
	struct ng_mapping *mapping;
	int ret;

	lockdep_assert_held(&ct->lock);

	ret = check_map(ct, request);
	if (ret)
		return ERR_PTR(ret);

	mapping = kmem_cache_zalloc(mapping_cache, NG_GFP_OPTIONAL);
	if (!mapping)	/* as ng_kzalloc() */
		mapping = kmem_cache_zalloc(mapping_cache, GFP_KERNEL);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	mapping->owner = ng_owner_get_current(ct);
	if (IS_ERR(mapping->owner)) {
		ret = PTR_ERR(mapping->owner);
		kmem_cache_free(mapping_cache, mapping);
		return ERR_PTR(ret);
	}

	mapping->range = request->range;
	mapping->vaddr = request->vaddr;
	mapping->prot = request->prot;
	mapping->unlimited = capable(CAP_IPC_LOCK);
	mapping->state = NG_MAPPING_FILLING;
	insert(ct, mapping);
	return mapping;
}

/* Makes a mapping live that is filled.  Returns 0, or what ng_dirty_track() says; then it is empty, and as it was. */
static int publish(struct ng_container *ct, struct ng_mapping *mapping)
{
	int ret;

	mutex_lock(&ct->lock);
	ret = ct->dirty.on ? ng_dirty_track(ct, mapping) : 0;
	if (!ret) {
		mapping->state = NG_MAPPING_LIVE;
		ng_turn_settled(ct, mapping);
	}
	mutex_unlock(&ct->lock);

	if (ret)
		ng_mapping_empty(ct, mapping);
	return ret;
}

/* Frees the range of a mapping that could not be made. */
static void abandon(struct ng_container *ct, struct ng_mapping *mapping)
{
	mutex_lock(&ct->lock);
	remove(ct, mapping);
	mutex_unlock(&ct->lock);
}

/**
 * ng_map() - make user memory reachable for the container's devices
 * @ct: the container
 * @request: what to map where
 *
 * Other calls for other addresses proceed meanwhile.
 *
 * Return: 0; -EINVAL if an address is not aligned to the smallest page or no window holds the range; -EEXIST if
 * something is mapped there; -ENOSPC if the container has no entry left; what pinning, charging or the IOMMU
 * driver says.  After a failure nothing is mapped, pinned or charged.
 */
int ng_map(struct ng_container *ct, const struct ng_map_request *request)
{
	struct ng_mapping *mapping;
	int ret;

	ret = ng_mappings_lock(ct, request->range);
	if (ret)
		return ret;

	mapping = reserve(ct, request);
	mutex_unlock(&ct->lock);
	if (IS_ERR(mapping)) {
		ret = PTR_ERR(mapping);
		goto leave;
	}

	if (!list_empty(&ct->domains))
		ret = ng_mapping_fill(ct, mapping);
	if (!ret)
		ret = publish(ct, mapping);
	if (ret)
		abandon(ct, mapping);
leave:
	ng_container_leave(ct);
	return ret;
}

/* The range that an unmap request means, by the rules of the container's type. */
static int unmap_range(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	u64 mask = ng_container_min_page(ct) - 1;

	/* In-kernel users may look at user addresses at any time. */
	if (request->vaddr && ct->nr_emulated)
		return -EBUSY;
	if (request->iova & mask)
		return -EINVAL;
	if (request->all) {
		*range = NG_RANGE_ALL;
		return request->iova || request->size ? -EINVAL : 0;
	}
	if (request->size & mask)
		return -EINVAL;
	return ng_range_init_native(range, request->iova, request->size);
}

/* Would removing what lies in the range cut a mapping in two? */
static bool cuts_mapping(struct ng_container *ct, struct ng_range range)
{
	struct ng_mapping *head = ng_mapping_first(ct, range), *tail;

	if (!head || head->range.first < range.first)
		return head;
	if (head->range.last >= range.last)
		return head->range.last > range.last;
	tail = ng_mapping_first(ct, (struct ng_range){ .first = range.last, .last = range.last });
	return tail && tail->range.last > range.last;
}

/* As ng_mappings_lock_for_unmap(); while in-kernel users borrow mappings only if @alone is false. */
static int lock_for_request(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range,
			    bool alone)
{
	int ret;

	ret = ng_container_enter(ct);
	if (ret)
		return ret;
	ret = unmap_range(ct, request, range);
	if (ret)
		goto leave;

	mutex_lock(&ct->lock);
	ret = ng_turn_wait(ct, *range, alone);
	if (!ret && ((request->bitmap && !ng_dirty_can_report(ct, request->bitmap)) ||
		     (ct->v2 && !request->all && cuts_mapping(ct, *range))))
		ret = -EINVAL;
	if (!ret)
		return 0;
	mutex_unlock(&ct->lock);
leave:
	ng_container_leave(ct);
	return ret;
}

/**
 * ng_mappings_lock_for_unmap() - enter and lock a container for a request to unmap
 * @ct: the container
 * @request: the request
 * @range: set to the range that it means
 *
 * Return: 0, with the container entered, @ct->lock held, every mapping in the range live and borrowed by nobody, none cut
 * by it unless the container's type allows that, and dirt to report if that is wanted; or a negative errno with nothing
 * held.
 */
int ng_mappings_lock_for_unmap(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	return lock_for_request(ct, request, range, true);
}

/* As ng_mappings_lock_for_unmap(), to look at the mappings of a range while in-kernel users may borrow them. */
int ng_mappings_lock_for_report(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	return lock_for_request(ct, request, range, false);
}

/**
 * claim() - take the live mappings in a range for removal
 * @ct: the container; @ct->lock is held
 * @range: the range
 * @list: set to the mappings, linked in ascending order, now in state emptying
 *
 * A v1 container removes a mapping as a whole, and only if the request covers its first address.
 *
 * Return: how many bytes they cover.
 */
static u64 claim(struct ng_container *ct, struct ng_range range, struct ng_mapping **list)
{
	struct ng_mapping *mapping;
	unsigned int steps = 0;
	u64 bytes = 0;

	ng_for_each_mapping(ct, mapping, range) {
		if (mapping->range.first < range.first)
			break;
		ng_rest(&steps);
		mapping->state = NG_MAPPING_EMPTYING;
		bytes += mapping->range.last - mapping->range.first + 1;
		*list = mapping;
		list = &mapping->next;
	}
	*list = NULL;
	return bytes;
}

/* Gives claimed mappings back: they stay. */
static void unclaim(struct ng_container *ct, struct ng_mapping *list)
{
	struct ng_mapping *mapping, *next;
	unsigned int steps = 0;

	mutex_lock(&ct->lock);
	for (mapping = list; mapping; mapping = next) {
		next = mapping->next;
		mapping->state = NG_MAPPING_LIVE;
		mapping->nr_borrowers = 0;
		ng_turn_settled(ct, mapping);
		ng_rest(&steps);
	}
	mutex_unlock(&ct->lock);
}

/* Empties claimed mappings without the lock, then frees their ranges, not all of them at once. */
static void remove_claimed(struct ng_container *ct, struct ng_mapping *list)
{
	struct ng_mapping *mapping, *next;
	unsigned int steps = 0;

	for (mapping = list; mapping; mapping = mapping->next)
		ng_mapping_empty(ct, mapping);

	mutex_lock(&ct->lock);
	for (mapping = list; mapping; mapping = next) {
		next = mapping->next;
		remove(ct, mapping);
		ng_container_rest(ct, &steps);
	}
	mutex_unlock(&ct->lock);
}

/* As ng_unmap(), with a report begun if one is wanted. */
static int unmap(struct ng_container *ct, const struct ng_unmap_request *request, u64 *unmapped_bytes)
{
	struct ng_mapping *list;
	struct ng_range range;
	int ret;

	ret = ng_access_lock_for_unmap(ct, request, &range);
	if (ret)
		return ret;
	*unmapped_bytes = claim(ct, range, &list);
	mutex_unlock(&ct->lock);

	if (request->bitmap)
		ret = ng_dirty_report_emptying(ct, range, request->bitmap);
	if (ret)
		unclaim(ct, list);
	else if (list)
		remove_claimed(ct, list);
	ng_container_leave(ct);
	return ret;
}

/**
 * ng_unmap() - take memory away from the container's devices
 * @ct: the container
 * @request: the range
 * @unmapped_bytes: set to the bytes removed, on success
 *
 * All mappings in the range go, or none if the call fails.  A v2 container refuses to cut a mapping.
 *
 * Return: 0, also if nothing was mapped there; -EINVAL or -EOVERFLOW for a bad range, -EINVAL if dirt cannot be reported
 * as asked; -ENOMEM; -EFAULT if the report cannot be written; -EBUSY if a driver does not unpin its pages; -EINTR on a
 * fatal signal.
 */
int ng_unmap(struct ng_container *ct, const struct ng_unmap_request *request, u64 *unmapped_bytes)
{
	int ret;

	if (!request->bitmap)
		return unmap(ct, request, unmapped_bytes);

	/* Before a driver is asked to let go of anything: without memory for the report, it is to keep it. */
	ret = ng_dirty_begin_report(ct);
	if (ret)
		return ret;
	ret = unmap(ct, request, unmapped_bytes);
	ng_dirty_end_report(ct);
	return ret;
}

/* Is anything mapped in the range? */
bool ng_mapping_exists(struct ng_container *ct, struct ng_range range)
{
	lockdep_assert_held_write(&ct->topology);
	return ng_mapping_first(ct, range);
}

/* Does every mapping begin and end with a page of this size? */
bool ng_mappings_aligned(struct ng_container *ct, u64 page_bytes)
{
	struct ng_mapping *mapping;
	unsigned int steps = 0;

	lockdep_assert_held_write(&ct->topology);
	ng_for_each_mapping(ct, mapping, NG_RANGE_ALL) {
		if ((mapping->range.first | (mapping->range.last + 1)) & (page_bytes - 1))
			return false;
		ng_rest(&steps);
	}
	return true;
}

/* Unmaps and unpins everything. */
void ng_mappings_remove_all(struct ng_container *ct)
{
	struct ng_mapping *list = NULL;

	lockdep_assert_held_write(&ct->topology);
	mutex_lock(&ct->lock);
	claim(ct, NG_RANGE_ALL, &list);
	mutex_unlock(&ct->lock);
	if (list)
		remove_claimed(ct, list);
}
