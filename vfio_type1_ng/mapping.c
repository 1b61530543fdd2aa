// SPDX-License-Identifier: GPL-2.0-only
/* The tree of mappings, and the rules of MAP and UNMAP. */
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

/*
 * Containers can hold millions of mappings, so one takes no more memory than in
 * vfio_iommu_type1, whose object has 96 bytes, although it also stores a run.
 */
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

/* Most programs map in ascending order, which needs no search. */
static bool above_all(const struct ng_container *ct, struct ng_range range)
{
	return !ct->highest || ct->highest->range.last < range.first;
}

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
 * Mappings do not overlap, so this needs no interval tree. The last result is
 * kept, because one request looks the same range up several times.
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

struct ng_mapping *ng_mapping_next(struct ng_mapping *mapping, struct ng_range range)
{
	struct ng_mapping *next;

	if (mapping->range.last >= range.last)
		return NULL;
	next = mapping_of(rb_next(&mapping->node));
	return next && next->range.first <= range.last ? next : NULL;
}

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

/* The mapping must be empty. */
static void remove(struct ng_container *ct, struct ng_mapping *mapping)
{
	ng_turn_settled(ct, mapping);
	/* A program that unmaps one by one continues with the next. */
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
 * ng_mapping_borrow() - keep a live mapping as it is without ct->lock
 * @ct: the container, entered; @ct->lock is held, and dropped
 * @mapping: a live mapping; the borrower must not wait for another one
 */
void ng_mapping_borrow(struct ng_container *ct, struct ng_mapping *mapping)
{
	lockdep_assert_held(&ct->lock);
	mapping->nr_borrowers++;
	mutex_unlock(&ct->lock);
}

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
 * Return: 0 with the container entered, @ct->lock held and all mappings in the
 * range live; or a negative errno with nothing held.
 */
int ng_mappings_lock(struct ng_container *ct, struct ng_range range)
{
	return enter_and_lock(ct, range, false);
}

/* As ng_mappings_lock(), with no mapping in the range borrowed. */
int ng_mappings_lock_alone(struct ng_container *ct, struct ng_range range)
{
	return enter_and_lock(ct, range, true);
}

bool ng_map_request_aligned(struct ng_container *ct, const struct ng_map_request *request)
{
	u64 mask = ng_container_min_page(ct) - 1;

	return !((request->range.first | request->vaddr | (request->range.last + 1)) & mask);
}

static int check_map(struct ng_container *ct, const struct ng_map_request *request)
{
	if (!ng_map_request_aligned(ct, request))
		return -EINVAL;
	if (ng_mapping_first(ct, request->range))
		return -EEXIST;
	if (!ct->entries_left)
		return -ENOSPC;
	/* Without a domain, any address may be mapped. */
	if (!list_empty(&ct->domains) && !ng_iova_windows_contain(&ct->windows, request->range))
		return -EINVAL;
	return 0;
}

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

/* Make a filled mapping live. If it cannot be tracked, empty it. */
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
 * Return: 0; or with nothing mapped, pinned or charged: -EINVAL if not aligned
 * to the smallest page, in no window, or too large for a dirty bitmap; -EEXIST;
 * -ENOSPC; -EINTR; an errno of pinning, charging or the IOMMU driver.
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

static int unmap_range(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	u64 mask = ng_container_min_page(ct) - 1;

	/* In-kernel users may use user addresses at any time. */
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

/* Without @alone, mappings may be borrowed. */
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
 * ng_mappings_lock_for_unmap() - enter and lock a container to unmap a range
 * @ct: the container
 * @request: the request
 * @range: set to the range that it means
 * Return: 0 with the container entered, @ct->lock held, all mappings in the
 * range live and not borrowed, none cut in a v2 container, and the report
 * possible if one is requested; or a negative errno with nothing held.
 */
int ng_mappings_lock_for_unmap(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	return lock_for_request(ct, request, range, true);
}

/* As ng_mappings_lock_for_unmap(), but mappings may be borrowed. */
int ng_mappings_lock_for_report(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	return lock_for_request(ct, request, range, false);
}

/*
 * v1 containers remove nothing if the range begins inside a mapping, and the
 * whole last mapping if it ends inside that. Return how many bytes they cover.
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

/* The report failed, so the mappings stay. */
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

/* As ng_unmap(), with a report begun if @request has a bitmap. */
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
 * ng_unmap() - remove all mappings in a range, or after a failure none
 * @ct: the container
 * @request: the range, which must not cut a mapping in a v2 container
 * @unmapped_bytes: set to the bytes removed, on success
 * Return: 0, also if nothing was mapped; -EINVAL or -EOVERFLOW for a bad range;
 * -EINVAL if dirty pages cannot be reported as requested; -ENOMEM; -EFAULT if
 * the bitmap cannot be written; -EBUSY if a driver does not unpin; -EINTR.
 */
int ng_unmap(struct ng_container *ct, const struct ng_unmap_request *request, u64 *unmapped_bytes)
{
	int ret;

	if (!request->bitmap)
		return unmap(ct, request, unmapped_bytes);

	/* Before notifying drivers: without memory, they keep their pages. */
	ret = ng_dirty_begin_report(ct);
	if (ret)
		return ret;
	ret = unmap(ct, request, unmapped_bytes);
	ng_dirty_end_report(ct);
	return ret;
}

bool ng_mapping_exists(struct ng_container *ct, struct ng_range range)
{
	lockdep_assert_held_write(&ct->topology);
	return ng_mapping_first(ct, range);
}

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
