// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching groups to a container and detaching them.
 *
 * Everything that can be known without an attach is checked before any domain is touched: a domain that exists holds
 * mappings, and a group that must not see them must not be attached to it even for a moment.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

#include <compat/iommu.h>
#include <compat/vfio.h>

#include "access.h"
#include "alloc.h"
#include "container.h"
#include "dirty.h"
#include "domain.h"
#include "group.h"
#include "mapping.h"
#include "params.h"
#include "reserved.h"
#include "trace.h"

/*
 * Called with the group's mutex held, so it must not call back for the group.  Only here is it certain that a device has an
 * IOMMU: one may be unplugged while its group is being attached, and a reference does not keep dev->iommu.
 */
static int see_device(struct device *dev, void *data)
{
	struct ng_group *group = data;

	if (!group->nr_devices++) {
		group->instance = compat_dev_iommu(dev);
		group->can_be_coherent = true;
	}
	group->can_be_coherent &= compat_device_can_enforce_coherency(dev);
	return 0;
}

static struct ng_group *group_alloc(struct iommu_group *iommu_group, bool emulated)
{
	struct ng_group *group = ng_kzalloc(sizeof(*group));

	if (group) {
		group->iommu_group = iommu_group;
		group->emulated = emulated;
		group->pinned_scope = emulated;
	}
	return group;
}

static void group_free(struct ng_container *ct, struct ng_group *group)
{
	ng_reserved_put(ct, group);
	kfree(group);
}

/* Finds a group in the container; the topology is held.  Returns NULL if it is not there. */
struct ng_group *ng_group_find(struct ng_container *ct, const struct iommu_group *iommu_group)
{
	struct ng_group *group;

	hash_for_each_possible(ct->groups, group, next, (unsigned long)iommu_group)
		if (group->iommu_group == iommu_group)
			return group;
	return NULL;
}

/* Computes what may be mapped, from the container's domains and all reservations. */
static void compute_windows(struct ng_container *ct, struct ng_iova_windows *windows)
{
	ng_iova_windows_reset(windows);
	ng_domains_restrict_windows(ct, windows);
	ng_reserved_exclude(ct, windows);
}

static int check_windows(struct ng_container *ct, const struct ng_group *group)
{
	int ret;

	/* What others reserve too is in no window, and while there are windows nothing is mapped outside. */
	if (!group->reserves_more && !list_empty(&ct->domains)) {
		ret = ng_iova_windows_copy(&ct->next_windows, &ct->windows);
		if (ret)
			return ret;
	} else {
		if (ng_reserved_conflicts(ct, group))
			return -EINVAL;
		ret = ng_iova_windows_make_room(&ct->next_windows, ct->nr_reserved + 1);
		if (ret)
			return ret;
		compute_windows(ct, &ct->next_windows);
	}
	return ct->next_windows.nr ? 0 : -EINVAL;
}

static int check_msi_isolation(const struct ng_group *group)
{
	if (READ_ONCE(ng_allow_unsafe_interrupts) || compat_group_has_isolated_msi(group->iommu_group))
		return 0;

	pr_warn_ratelimited("group %d: a device could raise interrupts that are not its own, because this platform has no interrupt remapping. Set the module parameter allow_unsafe_interrupts if you trust its user.\n",
			    iommu_group_id(group->iommu_group));
	return -EPERM;
}

/**
 * preflight() - everything about a group that can be known without attaching it
 * @ct: the container; its next windows are set to what may be mapped with the group in it
 * @group: the group; filled in
 *
 * Return: 0 or a negative errno.
 */
static int preflight(struct ng_container *ct, struct ng_group *group)
{
	int ret;

	iommu_group_for_each_dev(group->iommu_group, group, see_device);
	if (!group->nr_devices)
		return -ENODEV;

	ret = ng_reserved_get(ct, group);
	if (ret)
		return ret;
	ret = check_windows(ct, group);
	if (ret)
		return ret;
	return check_msi_isolation(group);
}

/* The one path on which both a joined and a new domain become part of what the container promises. */
static void commit(struct ng_container *ct)
{
	/* A driver may narrow a domain when a group joins. */
	ng_domains_restrict_windows(ct, &ct->next_windows);
	swap(ct->windows, ct->next_windows);
	ng_domains_update_page_sizes(ct);
}

static int attach(struct ng_container *ct, struct ng_group *group)
{
	int ret;

	ret = preflight(ct, group);
	if (ret)
		return ret;

	ret = ng_domain_join_any(ct, group);
	if (ret == -EMEDIUMTYPE)
		ret = ng_domain_create_for(ct, group, &ct->next_windows);
	if (!ret)
		commit(ct);
	return ret;
}

/*
 * A group of a device that relies on another one's IOMMU must not be taken for one without: its DMA
 * would reach something else than what is mapped, and nobody would say so.
 */
static int check_emulated(const struct ng_group *group)
{
	if (!compat_emulated_group_has_iommu(group->iommu_group))
		return 0;

	pr_warn_ratelimited("group %d: its mdev relies on the IOMMU of another device, which is not supported. Use Linux 6.1 or later, where the driver of such a device says that it has an IOMMU itself.\n",
			    iommu_group_id(group->iommu_group));
	return -EOPNOTSUPP;
}

/* @domain is set to what the group is attached to then, if it needs a domain. */
static int attach_new(struct ng_container *ct, struct iommu_group *iommu_group, bool emulated,
		      const struct ng_domain **domain)
{
	struct ng_group *group;
	int ret;

	lockdep_assert_held_write(&ct->topology);

	/* Nobody changes this count while the topology is held for writing. */
	if (READ_ONCE(ct->nr_vaddr_invalid))
		return -EBUSY;
	if (ng_group_find(ct, iommu_group))
		return -EINVAL;

	group = group_alloc(iommu_group, emulated);
	if (!group)
		return -ENOMEM;

	ret = emulated ? check_emulated(group) : attach(ct, group);
	if (ret) {
		group_free(ct, group);
		return ret;
	}
	ct->nr_emulated += emulated;
	hash_add(ct->groups, &group->next, (unsigned long)iommu_group);
	ng_dirty_group_joined(ct, group);
	*domain = group->domain;
	return 0;
}

/**
 * ng_group_attach() - put a group into a container; the core's attach_group operation
 * @handle: the container's handle
 * @iommu_group: the group; on kernels that know DMA ownership, the core has claimed it
 * @emulated: its devices make their DMA through the CPU
 *
 * Return: 0 or a negative errno, and then the group is attached to nothing and the container as it was.
 */
int ng_group_attach(void *handle, struct iommu_group *iommu_group, bool emulated)
{
	struct ng_container *ct = ng_container_get(handle);
	const struct ng_domain *domain = NULL;
	int ret;

	if (!ct)
		return -EINVAL;

	ret = down_write_killable(&ct->topology);
	if (ret)
		goto put;
	ret = ct->released ? -EINVAL : attach_new(ct, iommu_group, emulated, &domain);
	ng_attach_count(ct, iommu_group_id(iommu_group), domain, ret);
	up_write(&ct->topology);
put:
	ng_container_put(ct);
	return ret;
}

static void detach_emulated(struct ng_container *ct)
{
	ct->nr_emulated--;
	if (!ct->nr_emulated && list_empty(&ct->domains))
		ng_mappings_remove_all(ct);
}

static void detach(struct ng_container *ct, struct ng_group *group)
{
	bool emulated = group->emulated;

	lockdep_assert_held_write(&ct->topology);

	if (emulated)
		detach_emulated(ct);
	else
		ng_domain_leave(ct, group);
	ng_dirty_group_left(ct, group);
	hash_del(&group->next);
	if (list_empty(&ct->domains) && !ct->nr_emulated)
		ng_access_tell_of_listeners(ct);
	trace_vfio_detach_group(ct->handle, iommu_group_id(group->iommu_group));
	group_free(ct, group);

	/* It had no part in what may be mapped. */
	if (emulated)
		return;

	/* There is room: it was allocated for at least as many reservations as there are now. */
	compute_windows(ct, &ct->windows);
	ng_domains_update_page_sizes(ct);
}

/**
 * ng_group_detach() - take a group out of a container; the core's detach_group operation
 * @handle: the container's handle
 * @iommu_group: the group
 */
void ng_group_detach(void *handle, struct iommu_group *iommu_group)
{
	struct ng_container *ct = ng_container_get(handle);
	struct ng_group *group;

	if (WARN_ON_ONCE(!ct))
		return;

	down_write(&ct->topology);
	group = ng_group_find(ct, iommu_group);
	if (group)
		detach(ct, group);
	up_write(&ct->topology);
	ng_container_put(ct);
}

/* Detaches what the core has not, for release(). */
void ng_groups_detach_all(struct ng_container *ct)
{
	struct ng_group *group;
	struct hlist_node *next;
	unsigned int bucket;

	hash_for_each_safe(ct->groups, bucket, next, group, next)
		detach(ct, group);
}
