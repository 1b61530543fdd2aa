// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmap notifications. In-kernel users call back to unpin, so the topology and
 * the container's lock are dropped meanwhile, and then everything is checked
 * again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>

#include <compat/vfio_access.h>

#include "access.h"
#include "container.h"
#include "domain.h"
#include "external.h"
#include "group.h"
#include "mapping.h"
#include "trace.h"
#include "turn.h"

/* Notifications without progress before an unmap fails; the pause between. */
#define ASK_ROUNDS		10
#define ASK_PAUSE_JIFFIES	msecs_to_jiffies(50)

/* More without a pause while pages are unpinned: drivers may pin them again. */
#define ASK_RACES		100

int ng_access_refuse_without_addresses(void)
{
	pr_warn_ratelimited("a device driver needs user addresses while they are invalid\n");
	return -EBUSY;
}

/**
 * ng_access_find() - find the mapping at an address, for an in-kernel user
 * @ct: the container; @ct->lock is held
 * @iova: the address
 * @prot: required access: IOMMU_READ, IOMMU_WRITE
 * Return: a mapping; ERR_PTR() of -EBUSY (addresses invalid), -EINVAL, -EPERM.
 */
struct ng_mapping *ng_access_find(struct ng_container *ct, u64 iova, int prot)
{
	struct ng_mapping *mapping;

	if (ct->nr_vaddr_invalid)
		return ERR_PTR(ng_access_refuse_without_addresses());
	mapping = ng_mapping_first(ct, ng_access_page(iova));
	if (!mapping)
		return ERR_PTR(-EINVAL);
	if ((mapping->prot & prot) != prot)
		return ERR_PTR(-EPERM);
	return mapping;
}

int ng_access_add_listener(void *handle, const struct compat_unmap_listener *listener)
{
	struct ng_container *ct = ng_container_get(handle);
	int ret;

	if (WARN_ON_ONCE(!ct))
		return -EINVAL;
	ret = compat_unmap_listeners_add(&ct->listeners, listener);
	ng_container_put(ct);
	return ret;
}

/* Waits for a notification under way. */
int ng_access_remove_listener(void *handle, const struct compat_unmap_listener *listener)
{
	struct ng_container *ct = ng_container_get(handle);
	int ret;

	if (WARN_ON_ONCE(!ct))
		return -EINVAL;
	ret = compat_unmap_listeners_remove(&ct->listeners, listener);
	ng_container_put(ct);
	return ret;
}

/* On the last detach, when every device is closed, no listener may be left. */
void ng_access_tell_of_listeners(struct ng_container *ct)
{
	if (!compat_unmap_listeners_empty(&ct->listeners))
		pr_warn_ratelimited("a device driver still listens after its device is closed\n");
}

/**
 * ng_access_group_domain() - the core's group_iommu_domain operation
 * @handle: the container's handle
 * @iommu_group: the group
 * Return: a domain, valid until detach; or ERR_PTR() of -ENODEV, -EINVAL.
 */
struct iommu_domain *ng_access_group_domain(void *handle, struct iommu_group *iommu_group)
{
	struct iommu_domain *domain = ERR_PTR(-ENODEV);
	struct ng_container *ct;
	struct ng_group *group;

	ct = iommu_group ? ng_container_get(handle) : NULL;
	if (!ct)
		return ERR_PTR(-EINVAL);
	if (ng_container_enter_to_clean_up(ct)) {
		group = ng_group_find(ct, iommu_group);
		if (group && group->domain)
			domain = group->domain->iommu;
		ng_container_leave(ct);
	}
	ng_container_put(ct);
	return domain;
}

/* Return 1; 0 if a page was in transition: look everything up again; -EINTR. */
static int find_held(struct ng_container *ct, struct ng_range range, struct ng_mapping **held)
{
	const struct ng_external_pin *pin;
	u64 iova;

	*held = NULL;
	if (!ct->nr_external || !ng_external_first(ct, range, &iova))
		return 1;
	pin = ng_external_changing_hands(ct, iova);
	if (pin)
		return ng_turn_wait_for(ct, pin);
	*held = ng_mapping_first(ct, ng_access_page(iova));
	return 1;
}

/**
 * ng_access_lock_for_unmap() - lock a range that has no external pins
 * @ct: the container
 * @request: the request
 * @range: set to the range that it means
 *
 * Notifies in-kernel users until they have unpinned. Fails if they do not,
 * because a driver that can still reach memory must not see it freed.
 * Return: as ng_mappings_lock_for_unmap(); -EBUSY if a driver does not unpin.
 */
int ng_access_lock_for_unmap(struct ng_container *ct, const struct ng_unmap_request *request, struct ng_range *range)
{
	unsigned int rounds = 0, races = 0;
	bool at_once = true;
	u64 furthest = 0;

	for (;;) {
		unsigned long drops = READ_ONCE(ct->external_drops);
		struct ng_range asked_for;
		struct ng_mapping *held;
		int ret;

		ret = ng_mappings_lock_for_unmap(ct, request, range);
		if (ret)
			return ret;
		ret = find_held(ct, *range, &held);
		if (ret == 1 && !held)
			return 0;
		if (ret != 1) {
			mutex_unlock(&ct->lock);
			ng_container_leave(ct);
			if (ret)
				return ret;
			continue;
		}

		/* Not if an earlier mapping is pinned again: this must end. */
		if (held->range.last > furthest) {
			rounds = races = 0;
			at_once = true;
		}
		furthest = max(furthest, held->range.last);
		asked_for = held->range;
		mutex_unlock(&ct->lock);
		ng_container_leave(ct);

		if (rounds == ASK_ROUNDS) {
			pr_warn_ratelimited("%s (%d): IOVA %#llx to %#llx is not unmapped, because a device driver keeps pages of it pinned although it was asked %u times to let go\n",
					    current->comm, task_tgid_nr(current), asked_for.first,
					    asked_for.last, rounds + races);
			return -EBUSY;
		}
		if (!at_once)
			schedule_timeout_killable(ASK_PAUSE_JIFFIES);
		if (fatal_signal_pending(current))
			return -EINTR;
		trace_vfio_ask_unpin(ct->handle, asked_for.first, asked_for.last,
				     rounds + races + 1);
		compat_unmap_listeners_tell(&ct->listeners, asked_for.first, asked_for.last - asked_for.first + 1);
		at_once = races < ASK_RACES && READ_ONCE(ct->external_drops) != drops;
		if (at_once)
			races++;
		else
			rounds++;
	}
}
