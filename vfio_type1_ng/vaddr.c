// SPDX-License-Identifier: GPL-2.0-only
/* Invalidating and updating user addresses; see vaddr.h. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "account.h"
#include "container.h"
#include "mapping.h"
#include "turn.h"
#include "vaddr.h"

/* Marks one mapping, or takes the mark back. */
static void mark(struct ng_container *ct, struct ng_mapping *mapping, bool invalid)
{
	lockdep_assert_held(&ct->lock);
	mapping->vaddr_invalid = invalid;
	if (invalid)
		ct->nr_vaddr_invalid++;
	else
		ct->nr_vaddr_invalid--;
}

/* Does a request that begins at the range's first address cover the mapping from its start?  Always true on v2. */
static bool reached(const struct ng_mapping *mapping, struct ng_range range)
{
	return mapping && mapping->range.first >= range.first;
}

/**
 * ng_vaddr_invalidate() - say that user addresses must not be used until they are updated
 * @ct: the container
 * @request: which mappings, by the rules of unmapping
 * @bytes: set to what the mappings cover, on success
 *
 * Return: 0, or as ng_unmap(); -EINVAL if an address was invalid already, and then nothing changes.
 */
int ng_vaddr_invalidate(struct ng_container *ct, const struct ng_unmap_request *request, u64 *bytes)
{
	struct ng_mapping *mapping, *undo;
	unsigned int steps = 0;
	struct ng_range range;
	int ret;

	ret = ng_mappings_lock_for_unmap(ct, request, &range);
	if (ret)
		return ret;

	*bytes = 0;
	for (mapping = ng_mapping_first(ct, range); reached(mapping, range); mapping = ng_mapping_next(mapping, range)) {
		if (mapping->vaddr_invalid) {
			ret = -EINVAL;
			break;
		}
		mark(ct, mapping, true);
		ng_rest(&steps);
		*bytes += mapping->range.last - mapping->range.first + 1;
	}
	if (ret)
		for (undo = ng_mapping_first(ct, range); undo != mapping; undo = ng_mapping_next(undo, range))
			mark(ct, undo, false);

	mutex_unlock(&ct->lock);
	ng_container_leave(ct);
	return ret;
}

/* The mapping whose user address the request updates. */
static struct ng_mapping *find(struct ng_container *ct, const struct ng_map_request *request)
{
	struct ng_mapping *mapping;

	if (!ng_map_request_aligned(ct, request))
		return ERR_PTR(-EINVAL);
	mapping = ng_mapping_first(ct, request->range);
	if (!mapping)
		return ERR_PTR(-ENOENT);
	if (!mapping->vaddr_invalid || !ng_ranges_equal(mapping->range, request->range))
		return ERR_PTR(-EINVAL);
	return mapping;
}

/**
 * change_owner() - move the charge for a mapping to the calling process
 * @ct: the container; @ct->lock is dropped meanwhile
 * @mapping: a live mapping
 *
 * Return: 0; -ENOMEM beyond the caller's limit, -EINTR or -ENODEV, and then nothing changes.
 */
static int change_owner(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_owner *former = mapping->owner, *owner;
	bool unlimited = capable(CAP_IPC_LOCK);
	int ret;

	lockdep_assert_held(&ct->lock);
	if (former->mm == current->mm)
		return 0;

	owner = ng_owner_get_current(ct);
	if (IS_ERR(owner))
		return PTR_ERR(owner);

	mapping->state = NG_MAPPING_MOVING;
	mutex_unlock(&ct->lock);
	ret = ng_account_charge(owner, mapping->charged_pages, unlimited);
	if (!ret)
		ng_account_uncharge(former, mapping->charged_pages);
	mutex_lock(&ct->lock);

	if (!ret) {
		mapping->owner = owner;
		mapping->unlimited = unlimited;
		owner = former;
	}
	ng_owner_put(owner);
	mapping->state = NG_MAPPING_LIVE;
	ng_turn_settled(ct, mapping);
	return ret;
}

/**
 * ng_vaddr_update() - say where the memory of a mapping is now
 * @ct: the container
 * @request: the mapping's exact range, and the user address of the same memory in the calling process
 *
 * The memory is not looked at: what devices reach does not change.
 *
 * Return: 0; -ENOENT if nothing is mapped there; -EINVAL if addresses are not aligned, the range is not that of one
 * mapping, or its address is valid; as change_owner().
 */
int ng_vaddr_update(struct ng_container *ct, const struct ng_map_request *request)
{
	struct ng_mapping *mapping;
	int ret;

	ret = ng_mappings_lock_alone(ct, request->range);
	if (ret)
		return ret;

	mapping = find(ct, request);
	if (IS_ERR(mapping)) {
		ret = PTR_ERR(mapping);
		goto unlock;
	}

	ret = change_owner(ct, mapping);
	if (!ret) {
		mapping->vaddr = request->vaddr;
		mark(ct, mapping, false);
	}
unlock:
	mutex_unlock(&ct->lock);
	ng_container_leave(ct);
	return ret;
}
