// SPDX-License-Identifier: GPL-2.0-only
/* Frames behind a mapping, looked up in an IOMMU. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <compat/mm.h>

#include "container.h"
#include "domain.h"
#include "lookup.h"
#include "mapping.h"
#include "pin.h"

#define LET_GO_BATCH_PAGES	(SZ_16M >> PAGE_SHIFT)

static u64 run_bytes(const struct ng_run *run)
{
	return (u64)run->npages << PAGE_SHIFT;
}

static u64 mapping_bytes(const struct ng_mapping *mapping)
{
	return mapping->range.last - mapping->range.first + 1;
}

/* All domains map the same. */
static struct ng_domain *first_domain(struct ng_container *ct)
{
	return list_first_entry(&ct->domains, struct ng_domain, next);
}

/*
 * AMD's driver takes no lock (as of v6.1) and may miss a mapping while another
 * thread adds a level to the tables, so try twice.
 */
static phys_addr_t phys_of(struct ng_domain *domain, u64 iova)
{
	phys_addr_t phys = iommu_iova_to_phys(domain->iommu, iova);

	return phys ? phys : iommu_iova_to_phys(domain->iommu, iova);
}

/*
 * The frames are one run or several neighbours, all complete: some drivers
 * cannot unmap a part of a map call. Return false and frame 0 if none is found.
 */
static bool find(struct ng_domain *domain, u64 iova, u64 bytes, struct ng_run *found)
{
	phys_addr_t phys = phys_of(domain, iova);
	unsigned int steps = 0;
	u64 done;

	for (done = PAGE_SIZE; phys && done < bytes; done += PAGE_SIZE) {
		if (phys_of(domain, iova + done) != phys + done)
			break;
		ng_rest(&steps);
	}
	if (!phys)
		pr_err_ratelimited("an IOMMU driver does not say what is mapped at IOVA %#llx; that memory stays pinned\n",
				   iova);
	*found = (struct ng_run){ .pfn = PHYS_PFN(phys), .npages = done >> PAGE_SHIFT };
	return phys;
}

/* Frame 0 stands for a failed lookup. */
static bool is_pinned(unsigned long pfn)
{
	return pfn && pfn_valid(pfn) && !is_zero_pfn(pfn) && !PageReserved(pfn_to_page(pfn));
}

static bool take_alike(struct ng_run *found, struct ng_run *alike)
{
	unsigned long most = min_t(unsigned long, found->npages, LET_GO_BATCH_PAGES);

	if (!most)
		return false;
	*alike = (struct ng_run){ .pfn = found->pfn, .npages = 1, .pinned = is_pinned(found->pfn) };
	while (alike->npages < most && is_pinned(alike->pfn + alike->npages) == alike->pinned)
		alike->npages++;
	found->pfn += alike->npages;
	found->npages -= alike->npages;
	return true;
}

static void unpin(struct ng_run found, bool dirty)
{
	struct ng_run alike;

	while (take_alike(&found, &alike)) {
		if (alike.pinned)
			compat_unpin_frames(alike.pfn, alike.npages, dirty);
		cond_resched();
	}
}

/* With @hold, emptying the mapping later must not free the frames. */
static void leak(struct ng_mapping *mapping, struct ng_run found, bool hold)
{
	struct ng_run alike;

	while (take_alike(&found, &alike)) {
		if (alike.pinned)
			mapping->charged_pages -= min(mapping->charged_pages, alike.npages);
		if (alike.pinned && hold)
			ng_hold_frames(alike.pfn, alike.npages);
		cond_resched();
	}
}

/**
 * ng_lookup_empty() - unmap and unpin the part of a mapping without runs
 * @ct: the container
 * @mapping: the mapping, which is being emptied or could not be filled
 * @from: start of the part
 * @to: end of the part
 * Return: true if nothing stays mapped; what does is leaked.
 */
bool ng_lookup_empty(struct ng_container *ct, struct ng_mapping *mapping, u64 from, u64 to)
{
	/* They share a flush of the IOTLBs. */
	struct ng_run found[16];
	u64 iova, bytes;
	bool unmapped, all = true;
	unsigned int i, nr;

	for (; from < to; from += bytes) {
		iova = mapping->range.first + from;
		bytes = 0;
		for (nr = 0; nr < ARRAY_SIZE(found) && from + bytes < to; nr++) {
			find(first_domain(ct), iova + bytes, to - from - bytes, &found[nr]);
			bytes += run_bytes(&found[nr]);
		}
		unmapped = ng_domains_unmap(ct, iova, bytes);
		all &= unmapped;
		for (i = 0; i < nr; i++) {
			if (unmapped)
				unpin(found[i], mapping->prot & IOMMU_WRITE);
			else
				leak(mapping, found[i], false);
		}
		cond_resched();
	}
	return all;
}

/**
 * ng_lookup_replay() - map the part without runs in one more domain
 * @ct: the container
 * @mapping: the mapping, live
 * @domain: the domain, the last of several
 * @from: start of the part
 * @gfp: for page tables
 * Return: 0; the IOMMU driver's errno; -EIO if the lookup fails; -EINTR.
 */
int ng_lookup_replay(struct ng_container *ct, struct ng_mapping *mapping,
		     struct ng_domain *domain, u64 from, gfp_t gfp)
{
	u64 iova, bytes = mapping_bytes(mapping);
	struct ng_run found;
	int ret;

	for (; from < bytes; from += run_bytes(&found)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		iova = mapping->range.first + from;
		if (!find(first_domain(ct), iova, bytes - from, &found))
			return -EIO;
		ret = ng_domain_map(domain, iova, &found, mapping->prot, gfp);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/**
 * ng_lookup_withdraw() - unmap the part without runs from one domain, or leak
 * it
 * @mapping: the mapping, live
 * @domain: the domain
 * @from: start of the part
 */
void ng_lookup_withdraw(struct ng_mapping *mapping, struct ng_domain *domain, u64 from)
{
	u64 iova, bytes = mapping_bytes(mapping);
	struct ng_run found;

	for (; from < bytes; from += run_bytes(&found)) {
		iova = mapping->range.first + from;
		find(domain, iova, bytes - from, &found);
		if (!ng_domain_unmap(domain, iova, &found))
			leak(mapping, found, true);
		cond_resched();
	}
}
