// SPDX-License-Identifier: GPL-2.0-only
/* Attaching groups to domains, and mapping runs in domains. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <compat/iommu.h>
#include <iommu_emt/iommu_emt.h>

#include "alloc.h"
#include "container.h"
#include "dirty.h"
#include "domain.h"
#include "group.h"
#include "mapping.h"
#include "replay.h"
#include "runs.h"

/*
 * Since v6.2, KVM assumes that a device which can be coherent is. So such a
 * group must not join a domain whose first group could not be, nor the other
 * way round: not every driver refuses that.
 */
static bool would_weaken(const struct ng_domain *domain, const struct ng_group *group)
{
	return compat_kvm_trusts_device_coherency() && domain->for_coherent != group->can_be_coherent;
}

/*
 * After so many refusals, assume that domains work behind one IOMMU only: else
 * failed attaches are quadratic in the number of IOMMUs. With fewer, a domain
 * that can be shared could be missed on a machine whose IOMMUs differ.
 */
#define MAX_REFUSALS_ACROSS	8

static bool is_known_to_refuse(const struct ng_container *ct, const struct ng_domain *domain, const struct ng_group *group)
{
	if (domain->instance == group->instance)
		return false;
	return domain->refused == group->instance ||
	       (!ct->joined_across && ct->refusals_across >= MAX_REFUSALS_ACROSS);
}

static void learn(struct ng_container *ct, struct ng_domain *domain, const struct ng_group *group, int ret)
{
	if (domain->instance == group->instance)
		return;
	if (!ret)
		ct->joined_across = true;
	if (ret == -EMEDIUMTYPE) {
		domain->refused = group->instance;
		ct->refusals_across++;
	}
}

static void add_group(struct ng_domain *domain, struct ng_group *group)
{
	group->domain = domain;
	list_add_tail(&group->in_domain, &domain->groups);
	domain->nr_groups++;
}

static int join(struct ng_container *ct, struct ng_domain *domain, struct ng_group *group)
{
	int ret;

	if (would_weaken(domain, group) || is_known_to_refuse(ct, domain, group))
		return -EMEDIUMTYPE;

	ret = iommu_emt_join_group(domain->iommu, group->iommu_group, domain->instance);
	learn(ct, domain, group, ret);
	if (ret == -ENOTRECOVERABLE)
		domain->stranded = true;
	if (ret)
		return ret;
	add_group(domain, group);
	return 0;
}

/**
 * ng_domain_join_any() - attach a group to an existing domain
 * @ct: the container
 * @group: a group that has passed all checks that need no attach
 *
 * Tries domains of the group's own IOMMU first, which are likely to accept.
 * Return: 0; -EMEDIUMTYPE if all refuse the group; or what ended the search.
 */
int ng_domain_join_any(struct ng_container *ct, struct ng_group *group)
{
	struct ng_domain *domain;
	bool same_instance;
	int ret;

	lockdep_assert_held_write(&ct->topology);

	for (same_instance = true; ; same_instance = false) {
		list_for_each_entry(domain, &ct->domains, next) {
			if ((domain->instance == group->instance) != same_instance)
				continue;
			ret = join(ct, domain, group);
			if (ret != -EMEDIUMTYPE)
				return ret;
		}
		if (!same_instance)
			return -EMEDIUMTYPE;
	}
}

static struct ng_range aperture_of(const struct ng_domain *domain)
{
	return (struct ng_range){
		.first = domain->iommu->geometry.aperture_start,
		.last = domain->iommu->geometry.aperture_end,
	};
}

static bool aperture_holds_mappings(struct ng_container *ct, struct ng_range aperture)
{
	if (aperture.first && ng_mapping_exists(ct, (struct ng_range){ .first = 0, .last = aperture.first - 1 }))
		return false;
	return aperture.last == U64_MAX ||
	       !ng_mapping_exists(ct, (struct ng_range){ .first = aperture.last + 1, .last = U64_MAX });
}

/* An IOMMU that translates MSIs needs an address for their doorbell. */
static int reserve_msi_doorbell(struct ng_domain *domain, const struct ng_group *group)
{
	int ret;

	if (!group->has_software_msi)
		return 0;
	ret = iommu_get_msi_cookie(domain->iommu, group->software_msi_base);
	return ret == -ENODEV ? 0 : ret;	/* no IOMMU-backed DMA API, so nothing to reserve */
}

/* A CPU page can be mapped in smaller pieces, so these count as PAGE_SIZE. */
static u64 page_sizes(const struct ng_domain *domain)
{
	u64 pgsizes = domain->iommu->pgsize_bitmap;

	return pgsizes & ~PAGE_MASK ? (pgsizes & PAGE_MASK) | PAGE_SIZE : pgsizes;
}

/* Not every driver refuses to enforce coherency for an incapable device. */
static bool enforce_coherency(const struct ng_domain *domain, const struct ng_group *group)
{
	if (compat_kvm_trusts_device_coherency() && !group->can_be_coherent)
		return false;
	return compat_enforce_cache_coherency(domain->iommu, group->iommu_group);
}

static int prepare(struct ng_container *ct, struct ng_domain *domain, struct ng_group *group,
		   struct ng_iova_windows *windows)
{
	struct ng_range aperture = aperture_of(domain);
	u64 pgsizes = page_sizes(domain) & ct->pgsizes;
	int ret;

	if (!aperture_holds_mappings(ct, aperture))
		return -EINVAL;
	/* Unmapping takes whole pages: all mappings must consist of them. */
	if (!pgsizes || !ng_mappings_aligned(ct, pgsizes & -pgsizes))
		return -EINVAL;
	ng_iova_windows_restrict(windows, aperture);
	if (!windows->nr)
		return -EINVAL;

	/* First, because not every driver can change existing mappings. */
	domain->coherent = enforce_coherency(domain, group);
	domain->for_coherent = group->can_be_coherent;

	ret = reserve_msi_doorbell(domain, group);
	if (ret)
		return ret;
	return ng_mappings_replay(ct, domain);
}

/* The group's mutex is held, so dev->iommu is valid; see see_device(). */
static int alloc_for_device(struct device *dev, void *data)
{
	struct iommu_domain **iommu = data;

	*iommu = compat_paging_domain_alloc(dev);
	return 1;	/* any device will do */
}

/**
 * ng_domain_create_for() - create a domain and attach a group to it
 * @ct: the container
 * @group: a group that no domain of the container accepts
 * @windows: what may be mapped; restricted to what the domain translates
 * Return: 0; or an errno, with the group unattached except for
 * -ENOTRECOVERABLE.
 */
int ng_domain_create_for(struct ng_container *ct, struct ng_group *group, struct ng_iova_windows *windows)
{
	struct ng_domain *domain;
	int ret;

	lockdep_assert_held_write(&ct->topology);

	domain = ng_kzalloc(sizeof(*domain));
	if (!domain)
		return -ENOMEM;
	INIT_LIST_HEAD(&domain->groups);

	domain->iommu = ERR_PTR(-ENODEV);
	iommu_group_for_each_dev(group->iommu_group, &domain->iommu, alloc_for_device);
	if (IS_ERR(domain->iommu)) {
		ret = PTR_ERR(domain->iommu);
		goto free_domain;
	}

	ret = iommu_emt_attach_fresh(domain->iommu, group->iommu_group);
	/*
	 * A device may still be attached, so its page tables must stay: leak
	 * the domain. It is empty, so that device reaches no memory.
	 */
	if (ret == -ENOTRECOVERABLE)
		goto free_domain;
	if (ret)
		goto free_iommu_domain;

	/*
	 * Before prepare(): that fills a first domain through this list, and
	 * the length of the list shows that it is the first.
	 */
	list_add_tail(&domain->next, &ct->domains);
	ret = prepare(ct, domain, group, windows);
	if (ret)
		goto detach;

	domain->instance = group->instance;
	add_group(domain, group);
	return 0;

detach:
	list_del(&domain->next);
	iommu_detach_group(domain->iommu, group->iommu_group);
free_iommu_domain:
	iommu_domain_free(domain->iommu);
free_domain:
	kfree(domain);
	return ret;
}

/**
 * ng_domain_leave() - detach a group from its domain
 * @ct: the container
 * @group: an attached group
 *
 * Detaches first, so that DMA cannot reach what is unpinned next. The last
 * domain takes all mappings with it, or with emulated groups, only its pins.
 */
void ng_domain_leave(struct ng_container *ct, struct ng_group *group)
{
	struct ng_domain *domain = group->domain;

	lockdep_assert_held_write(&ct->topology);

	iommu_detach_group(domain->iommu, group->iommu_group);
	group->domain = NULL;
	list_del(&group->in_domain);
	if (--domain->nr_groups) {
		/* The IOMMU of the group that left may go with its devices. */
		domain->instance = list_first_entry(&domain->groups, struct ng_group, in_domain)->instance;
		return;
	}

	/* Freeing a domain unmaps. One that is stranded stays, so empty it. */
	if (!list_is_singular(&ct->domains) && domain->stranded)
		ng_mappings_withdraw(ct, domain);
	else if (list_is_singular(&ct->domains) && ct->nr_emulated)
		ng_mappings_unpin_all(ct);
	else if (list_is_singular(&ct->domains))
		ng_mappings_remove_all(ct);
	list_del(&domain->next);
	if (!domain->stranded)
		iommu_domain_free(domain->iommu);
	kfree(domain);
}

void ng_domains_restrict_windows(struct ng_container *ct, struct ng_iova_windows *windows)
{
	struct ng_domain *domain;

	list_for_each_entry(domain, &ct->domains, next)
		ng_iova_windows_restrict(windows, aperture_of(domain));
}

/* A join can change the page sizes of a domain, too. */
void ng_domains_update_page_sizes(struct ng_container *ct)
{
	struct ng_domain *domain;
	u64 pgsizes = PAGE_MASK;

	lockdep_assert_held_write(&ct->topology);
	list_for_each_entry(domain, &ct->domains, next)
		pgsizes &= page_sizes(domain);
	if (pgsizes == ct->pgsizes)
		return;
	ct->pgsizes = pgsizes;
	ng_dirty_page_size_changed(ct);
}

/* True if there is no domain. */
bool ng_domains_coherent(struct ng_container *ct)
{
	struct ng_domain *domain;

	list_for_each_entry(domain, &ct->domains, next)
		if (!domain->coherent)
			return false;
	return true;
}

static noinline void tell_leak(u64 iova, u64 bytes)
{
	pr_err_ratelimited("an IOMMU driver did not unmap %#llx bytes at IOVA %#llx; their memory stays pinned\n",
			   bytes, iova);
}

/* Return true if nothing stays mapped; log what does. */
static bool unmap(struct ng_domain *domain, u64 iova, u64 bytes)
{
	if (iommu_unmap(domain->iommu, iova, bytes) == bytes)
		return true;
	tell_leak(iova, bytes);
	return false;
}

static unsigned long count_mapped(struct ng_domain *domain, u64 iova, const struct ng_run *run,
				  unsigned long from)
{
	unsigned long i;

	for (i = from; i < run->npages; i++) {
		if (iommu_iova_to_phys(domain->iommu, iova + PFN_PHYS(i)) != PFN_PHYS(run->pfn + i))
			break;
		cond_resched();
	}
	return i - from;
}

/*
 * Without memory for page tables, the VT-d driver does not report what it
 * mapped before, so the core leaves it mapped. Unmap only what is found: where
 * nothing is mapped, a driver may unmap more than requested.
 */
static noinline int unmap_leftovers(struct ng_domain *domain, u64 iova, const struct ng_run *run,
				    int error)
{
	unsigned long i, n;

	for (i = 0; i < run->npages; i += n ? n : 1) {
		n = count_mapped(domain, iova, run, i);
		if (n && !unmap(domain, iova + PFN_PHYS(i), PFN_PHYS(n)))
			error = -ENOTRECOVERABLE;
		cond_resched();
	}
	return error;
}

/**
 * ng_domain_map() - map a run in one domain
 * @domain: the domain
 * @iova: address of the run's first byte
 * @run: the run
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @gfp: for page tables; not used before v6.3
 * Return: 0; an errno, with nothing of the run mapped; or -ENOTRECOVERABLE if a
 * part stays mapped, so that the run must stay pinned.
 */
int ng_domain_map(struct ng_domain *domain, u64 iova, const struct ng_run *run, int prot,
		  gfp_t gfp)
{
	int ret;

	ret = compat_iommu_map(domain->iommu, iova, PFN_PHYS(run->pfn), run->npages << PAGE_SHIFT,
			       prot | compat_cache_prot(domain->coherent), gfp);
	return unlikely(ret) ? unmap_leftovers(domain, iova, run, ret) : 0;
}

bool ng_domain_unmap(struct ng_domain *domain, u64 iova, const struct ng_run *run)
{
	return unmap(domain, iova, (u64)run->npages << PAGE_SHIFT);
}

/* noinline: on success, ng_domains_map() saves fewer registers. */
static noinline int unmap_from_earlier(struct ng_container *ct, struct ng_domain *domain, u64 iova,
				       const struct ng_run *run, int error)
{
	list_for_each_entry_continue_reverse(domain, &ct->domains, next)
		if (!ng_domain_unmap(domain, iova, run))
			error = -ENOTRECOVERABLE;
	return error;
}

/* As ng_domain_map(), in every domain of the container or in none. */
int ng_domains_map(struct ng_container *ct, u64 iova, const struct ng_run *run, int prot,
		   gfp_t gfp)
{
	struct ng_domain *domain;
	int ret;

	list_for_each_entry(domain, &ct->domains, next) {
		ret = ng_domain_map(domain, iova, run, prot, gfp);
		if (ret)
			return unmap_from_earlier(ct, domain, iova, run, ret);
	}
	return 0;
}

/**
 * ng_domains_unmap() - unmap whole runs from every domain, and flush the IOTLBs
 * @ct: the container
 * @iova: address of the first run
 * @bytes: length of the runs
 * Return: true if nothing stays mapped; what does is logged.
 */
bool ng_domains_unmap(struct ng_container *ct, u64 iova, u64 bytes)
{
	struct ng_domain *domain;
	bool unmapped = true;

	list_for_each_entry(domain, &ct->domains, next)
		unmapped &= unmap(domain, iova, bytes);
	return unmapped;
}
