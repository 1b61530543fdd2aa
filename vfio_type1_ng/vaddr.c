// SPDX-License-Identifier: GPL-2.0-only
/* Invalidating and updating user addresses. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "account.h"
#include "container.h"
#include "mapping.h"
#include "turn.h"
#include "vaddr.h"

static void mark(struct ng_container *ct, struct ng_mapping *mapping, bool invalid)
{
	lockdep_assert_held(&ct->lock);
	mapping->vaddr_invalid = invalid;
	if (invalid)
		ct->nr_vaddr_invalid++;
	else
		ct->nr_vaddr_invalid--;
}

/* A v1 container stops at a mapping that begins before the range. */
static bool reached(const struct ng_mapping *mapping, struct ng_range range)
{
	return mapping && mapping->range.first >= range.first;
}

/**
 * ng_vaddr_invalidate() - invalidate user addresses until they are updated
 * @ct: the container
 * @request: which mappings, by the rules of unmapping
 * @bytes: set to what the mappings cover, on success
 * Return: 0; as ng_mappings_lock_for_unmap(); -EINVAL if an address is invalid.
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

/* Drops the lock. After a failure, nothing has changed. */
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
 * ng_vaddr_update() - set the user address of a mapping
 * @ct: the container
 * @request: the mapping's range, and where the caller has the same memory
 * Return: 0; -ENOENT if nothing is mapped there; -EINVAL if addresses are not
 * aligned, the range is not that of one mapping, or its address is valid;
 * -ENOMEM beyond the caller's limit; -ENODEV for a kernel thread; -EINTR.
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
