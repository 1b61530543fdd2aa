// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching and detaching groups. All checks come first: a group that must not
 * reach the memory of a domain must not be attached to it even briefly.
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
 * Under the group's mutex, so do not call back into the group. Only here is
 * dev->iommu valid for certain: a device can be unplugged during attach.
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

/* The topology is held. */
struct ng_group *ng_group_find(struct ng_container *ct, const struct iommu_group *iommu_group)
{
	struct ng_group *group;

	hash_for_each_possible(ct->groups, group, next, (unsigned long)iommu_group)
		if (group->iommu_group == iommu_group)
			return group;
	return NULL;
}

static void compute_windows(struct ng_container *ct, struct ng_iova_windows *windows)
{
	ng_iova_windows_reset(windows);
	ng_domains_restrict_windows(ct, windows);
	ng_reserved_exclude(ct, windows);
}

static int check_windows(struct ng_container *ct, const struct ng_group *group)
{
	int ret;

	/* The windows, and so the mappings, already exclude its ranges. */
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

/* Make all checks that need no attach; set the next windows. */
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
 * Before v5.16, an mdev can rely on the IOMMU of another device. Without a
 * domain, its DMA would silently reach other memory than what is mapped.
 */
static int check_emulated(const struct ng_group *group)
{
	if (!compat_emulated_group_has_iommu(group->iommu_group))
		return 0;

	pr_warn_ratelimited("group %d: its mdev relies on the IOMMU of another device, which is not supported. Use Linux 6.1 or later, where the driver of such a device says that it has an IOMMU itself.\n",
			    iommu_group_id(group->iommu_group));
	return -EOPNOTSUPP;
}

static int attach_new(struct ng_container *ct, struct iommu_group *iommu_group, bool emulated,
		      const struct ng_domain **domain)
{
	struct ng_group *group;
	int ret;

	lockdep_assert_held_write(&ct->topology);

	/* Stable while the topology is held for writing. */
	if (READ_ONCE(ct->nr_vaddr_invalid))
		return -EBUSY;
	if (ng_group_find(ct, iommu_group))
		return -EINVAL;

	group = group_alloc(iommu_group, emulated);
	if (!group)
		return -ENOMEM;

	/*
	 * No IOMMU translates for an emulated group, whose driver pins or
	 * copies memory. So reserved ranges, windows, coherency and MSIs do not
	 * matter.
	 */
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
 * ng_group_attach() - attach a group; the core's attach_group operation
 * @handle: the container's handle
 * @iommu_group: the group; since v5.19, the core has claimed its DMA
 * @emulated: its drivers access memory with the CPU
 * Return: 0; or an errno with nothing changed, except that -ENOTRECOVERABLE may
 * leave a device attached to a domain that is not freed.
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

	/* Emulated groups do not restrict windows or page sizes. */
	if (emulated)
		return;

	/* There is room for at least as many reserved ranges as are left. */
	compute_windows(ct, &ct->windows);
	ng_domains_update_page_sizes(ct);
}

/**
 * ng_group_detach() - detach a group; the core's detach_group operation
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

void ng_groups_detach_all(struct ng_container *ct)
{
	struct ng_group *group;
	struct hlist_node *next;
	unsigned int bucket;

	hash_for_each_safe(ct->groups, bucket, next, group, next)
		detach(ct, group);
}
