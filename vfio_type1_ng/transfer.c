// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling a mapping (pin, charge, remember, map) and emptying it (unmap, unpin, uncharge).
 *
 * Invariants: a frame is reachable for a device only between being remembered in the mapping's runs and being
 * unmapped from every domain, and it is pinned all that time; every pinned page is in a run or still in the batch; an
 * IOMMU is given whole runs and asked to unmap whole runs, since some drivers cannot split what one call mapped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <compat/iommu.h>
#include <compat/mm.h>

#include "account.h"
#include "container.h"
#include "domain.h"
#include "mapping.h"
#include "params.h"
#include "pin.h"
#include "transfer.h"

/* How much is unmapped in one go: one flush of the IOMMU's caches, and one chance to reschedule, for this much. */
#define EMPTY_BATCH_BYTES	SZ_1G

static u64 run_bytes(const struct ng_run *run)
{
	return (u64)run->npages << PAGE_SHIFT;
}

static unsigned long mapping_npages(const struct ng_mapping *mapping)
{
	return ((mapping->range.last - mapping->range.first) >> PAGE_SHIFT) + 1;
}

/**
 * remember() - charge a batch and add it to the mapping's runs
 * @mapping: the mapping
 * @batch: the batch; on failure, what is not in a run is let go
 *
 * Return: 0, -ENOMEM beyond the owner's limit or without memory, -EINTR.
 */
static int remember(struct ng_mapping *mapping, struct ng_pin_batch *batch)
{
	bool extend = !READ_ONCE(ng_disable_hugepages);
	unsigned long i, chargeable = ng_pin_batch_chargeable(batch);
	int ret;

	ret = ng_account_charge(mapping->owner, chargeable, mapping->unlimited);
	if (ret) {
		ng_pin_batch_unpin(batch, 0);
		return ret;
	}
	mapping->charged_pages += chargeable;

	for (i = 0; i < batch->npages; i++) {
		ret = ng_runs_append(&mapping->runs, ng_pin_batch_pfn(batch, i), batch->pinned, extend);
		if (ret) {
			ng_pin_batch_unpin(batch, i);
			return ret;
		}
	}
	return 0;
}

/**
 * struct fill - how far filling a mapping has got
 * @cursor: the first run that is not mapped yet
 * @mapped_bytes: what the runs before it cover
 */
struct fill {
	struct ng_run_cursor cursor;
	u64 mapped_bytes;
};

/* Maps remembered runs in all domains; the last one only if it cannot grow any more (@complete). */
static int map_runs(struct ng_container *ct, struct ng_mapping *mapping, struct fill *fill, bool complete)
{
	struct ng_run *run;
	int ret;

	while ((run = ng_run_cursor_peek(&fill->cursor, &mapping->runs))) {
		if (!complete && run == ng_runs_last(&mapping->runs))
			break;
		ret = ng_domains_map(ct, mapping->range.first + fill->mapped_bytes, run, mapping->prot);
		if (ret)
			return ret;
		fill->mapped_bytes += run_bytes(run);
		ng_run_cursor_next(&fill->cursor, &mapping->runs);
	}
	return 0;
}

/* Moves the cursor past @nr_runs runs that no domain maps any more, and lets go of their memory. */
static void unpin_runs(struct ng_mapping *mapping, struct ng_run_cursor *cursor, unsigned long nr_runs)
{
	while (nr_runs--) {
		struct ng_run *run = ng_run_cursor_next(cursor, &mapping->runs);

		if (run->pinned)
			compat_unpin_page_range(pfn_to_page(run->pfn), run->npages, mapping->prot & IOMMU_WRITE);
	}
}

/**
 * empty() - unmap, unpin and forget a mapping's memory
 * @ct: the container
 * @mapping: the mapping
 * @mapped_bytes: how much of it, from its start, is mapped; a whole number of runs
 *
 * What a failing IOMMU driver does not unmap stays pinned and charged: a device may still reach it.
 */
static void empty(struct ng_container *ct, struct ng_mapping *mapping, u64 mapped_bytes)
{
	struct ng_run_cursor ahead, behind;
	u64 done = 0;

	ng_run_cursor_start(&ahead, &mapping->runs);
	behind = ahead;

	while (ng_run_cursor_peek(&ahead, &mapping->runs)) {
		u64 iova = mapping->range.first + done;
		unsigned long nr_runs = 0;
		u64 bytes = 0;

		do {
			bytes += run_bytes(ng_run_cursor_next(&ahead, &mapping->runs));
			nr_runs++;
		} while (bytes < EMPTY_BATCH_BYTES && ng_run_cursor_peek(&ahead, &mapping->runs));

		if (done >= mapped_bytes || ng_domains_unmap(ct, iova, min(bytes, mapped_bytes - done))) {
			unpin_runs(mapping, &behind, nr_runs);
		} else {
			pr_err_ratelimited("an IOMMU driver did not unmap %#llx bytes at IOVA %#llx; their memory stays pinned\n",
					   bytes, iova);
			mapping->charged_pages -= min_t(u64, mapping->charged_pages, bytes >> PAGE_SHIFT);
			behind = ahead;
		}
		done += bytes;
		cond_resched();
	}

	ng_account_uncharge(mapping->owner, mapping->charged_pages);
	mapping->charged_pages = 0;
	ng_runs_free(&mapping->runs);
}

static int fill(struct ng_container *ct, struct ng_mapping *mapping, struct ng_pin_batch *batch, struct fill *fill)
{
	unsigned long done, npages = mapping_npages(mapping);
	int ret;

	for (done = 0; done < npages; done += batch->npages) {
		ret = ng_pin(mapping->owner->mm, mapping->vaddr + ((u64)done << PAGE_SHIFT), npages - done,
			     mapping->prot & IOMMU_WRITE, batch);
		if (!ret)
			ret = remember(mapping, batch);
		if (!ret)
			ret = map_runs(ct, mapping, fill, false);
		if (ret)
			return ret;
		cond_resched();
	}
	return map_runs(ct, mapping, fill, true);
}

/**
 * ng_mapping_fill() - pin a mapping's memory and map it in every domain
 * @ct: the container, its topology held for reading
 * @mapping: a mapping of the calling task in state filling
 *
 * Return: 0 or a negative errno, and then nothing is pinned, charged or mapped.
 */
int ng_mapping_fill(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_pin_batch batch;
	struct fill progress = {};
	int ret;

	ng_run_cursor_start(&progress.cursor, &mapping->runs);
	ng_pin_batch_init(&batch, mapping_npages(mapping));
	ret = fill(ct, mapping, &batch, &progress);
	ng_pin_batch_destroy(&batch);

	if (ret)
		empty(ct, mapping, progress.mapped_bytes);
	return ret;
}

/**
 * ng_mapping_empty() - unmap a mapping from every domain and let go of its memory
 * @ct: the container, its topology held
 * @mapping: a mapping in state emptying, complete in every domain
 */
void ng_mapping_empty(struct ng_container *ct, struct ng_mapping *mapping)
{
	empty(ct, mapping, U64_MAX);
}

/**
 * ng_mapping_replay() - map a live mapping in one more domain
 * @mapping: the mapping
 * @domain: the domain
 *
 * Return: 0, the IOMMU driver's errno, or -EINTR on a fatal signal.
 */
int ng_mapping_replay(struct ng_mapping *mapping, struct ng_domain *domain)
{
	u64 iova = mapping->range.first;
	struct ng_run_cursor cursor;
	struct ng_run *run;
	int ret;

	ng_run_cursor_start(&cursor, &mapping->runs);
	while ((run = ng_run_cursor_next(&cursor, &mapping->runs))) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = ng_domain_map(domain, iova, run, mapping->prot);
		if (ret)
			return ret;
		iova += run_bytes(run);
		cond_resched();
	}
	return 0;
}
