// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling a mapping (pin, remember in runs, charge, map) and emptying it.
 *
 * Invariants: Devices reach a frame only from when it is mapped until it is
 * unmapped from every domain, and it is pinned all that time. While a mapping
 * is filled, every pinned page is in a run, in the batch, loose between them,
 * or mapped without being remembered. An IOMMU maps and unmaps whole runs,
 * because some drivers cannot split what one call mapped.
 *
 * Runs must not make a call fail or get its task killed. If memory for them is
 * short, the rest of the mapping has none. If memory for page tables is short,
 * all runs of the mapping are freed, and it is filled again without any.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <compat/iommu.h>
#include <compat/mm.h>

#include "account.h"
#include "alloc.h"
#include "container.h"
#include "domain.h"
#include "lookup.h"
#include "mapping.h"
#include "params.h"
#include "pin.h"
#include "transfer.h"

/* Unmapped at once: one flush of the IOTLBs, and one chance to reschedule. */
#define EMPTY_BATCH_BYTES	SZ_1G

#define UNPIN_BATCH_PAGES	(SZ_256M >> PAGE_SHIFT)

static u64 run_bytes(const struct ng_run *run)
{
	return (u64)run->npages << PAGE_SHIFT;
}

static u64 mapping_bytes(const struct ng_mapping *mapping)
{
	return mapping->range.last - mapping->range.first + 1;
}

static unsigned long mapping_npages(const struct ng_mapping *mapping)
{
	return mapping_bytes(mapping) >> PAGE_SHIFT;
}

/*
 * Threads of the owner compete for the mmap lock, so charge this much ahead, if
 * the limit leaves room. Charging later instead could make each thread exceed
 * the limit for as long as a fault lasts.
 */
#define CHARGE_AHEAD_PAGES	(SZ_64M >> PAGE_SHIFT)

/**
 * struct fill_progress - progress of filling a mapping
 * @cursor: first run that is not mapped
 * @mapped_bytes: how much is mapped, from the start of the mapping
 * @uncharged_pages: pages that are still to be charged
 * @ahead: pages charged ahead
 * @loose: frames out of the batch, neither remembered nor mapped, if any
 * @gfp: for page tables
 * @page_tables_short: there was no memory for page tables
 */
struct fill_progress {
	struct ng_run_cursor cursor;
	u64 mapped_bytes;
	unsigned long uncharged_pages;
	struct ng_charge_ahead ahead;
	struct ng_run loose;
	gfp_t gfp;
	bool page_tables_short;
};

static struct ng_run run_of(const struct ng_pin_span *span)
{
	return (struct ng_run){ .pfn = span->pfn, .npages = span->npages, .pinned = span->pinned };
}

static unsigned long longest_run(void)
{
	return READ_ONCE(ng_disable_hugepages) ? 1 : ULONG_MAX;
}

/* Empties the batch unless the runs are partial. */
static void remember(struct ng_mapping *mapping, struct ng_pin_batch *batch,
		     struct fill_progress *progress)
{
	unsigned long most = longest_run(), added;
	struct ng_runs *runs = &mapping->runs;
	struct ng_pin_span span;

	while (!runs->partial && ng_pin_batch_take(batch, most, &span)) {
		const struct ng_run frames = run_of(&span);

		added = ng_runs_append(runs, &frames, most > 1);
		if (span.chargeable)
			progress->uncharged_pages += span.npages;
		if (added < span.npages) {
			runs->partial = true;
			progress->loose = (struct ng_run){
				.pfn = span.pfn + added,
				.npages = span.npages - added,
				.pinned = span.pinned,
			};
		}
	}
	if (runs->partial)
		progress->uncharged_pages += ng_pin_batch_chargeable(batch);
}

static int charge(struct ng_mapping *mapping, struct fill_progress *progress, unsigned long left)
{
	unsigned long npages = progress->uncharged_pages;
	int ret;

	ret = ng_account_charge_ahead(&progress->ahead, npages,
				      min_t(unsigned long, left, CHARGE_AHEAD_PAGES),
				      mapping->unlimited);
	if (ret)
		return ret;
	progress->uncharged_pages = 0;
	mapping->charged_pages += npages;
	return 0;
}

/* Keep the run charged for good: a device may still reach it. */
static void leak_run(struct ng_mapping *mapping, const struct ng_run *run)
{
	if (run->pinned)
		mapping->charged_pages -= min(mapping->charged_pages, run->npages);
}

/* A failed call left the run at the cursor mapped in some domain. */
static noinline void leak_at(struct ng_mapping *mapping, struct ng_run_cursor *cursor)
{
	struct ng_run run;

	ng_run_cursor_peek(cursor, &mapping->runs, &run);
	leak_run(mapping, &run);
	/* Emptying the mapping must not unpin it. */
	run.pinned = false;
	ng_run_cursor_put(cursor, &mapping->runs, &run);
}

/* Map remembered runs. The last one may still grow unless @complete. */
static int map_runs(struct ng_container *ct, struct ng_mapping *mapping, struct fill_progress *progress, bool complete)
{
	u64 iova = mapping->range.first + progress->mapped_bytes;
	struct ng_run_cursor cursor = progress->cursor;
	struct ng_run run;
	int ret = 0;

	while (ng_run_cursor_peek(&cursor, &mapping->runs, &run)) {
		if (!complete && ng_run_cursor_at_last(&cursor, &mapping->runs))
			break;
		ret = ng_domains_map(ct, iova, &run, mapping->prot, progress->gfp);
		if (ret) {
			progress->page_tables_short = ret == -ENOMEM;
			if (ret == -ENOTRECOVERABLE)
				leak_at(mapping, &cursor);
			break;
		}
		iova += run_bytes(&run);
		cursor.index++;
	}
	progress->cursor = cursor;
	progress->mapped_bytes = iova - mapping->range.first;
	return ret;
}

static int map_loose(struct ng_container *ct, struct ng_mapping *mapping,
		     struct fill_progress *progress)
{
	u64 iova = mapping->range.first + progress->mapped_bytes;
	struct ng_run *loose = &progress->loose;
	int ret;

	if (!loose->npages)
		return 0;
	ret = ng_domains_map(ct, iova, loose, mapping->prot, progress->gfp);
	progress->page_tables_short = ret == -ENOMEM;
	if (!ret)
		progress->mapped_bytes += run_bytes(loose);
	else if (ret == -ENOTRECOVERABLE)
		leak_run(mapping, loose);
	else if (loose->pinned)
		compat_unpin_frames(loose->pfn, loose->npages, false);
	loose->npages = 0;
	return ret;
}

/* Frames that the next batch may continue stay loose unless @complete. */
static int map_unremembered(struct ng_container *ct, struct ng_mapping *mapping,
			    struct ng_pin_batch *batch, struct fill_progress *progress,
			    bool complete)
{
	struct ng_run *loose = &progress->loose;
	unsigned long most = longest_run();
	struct ng_pin_span span;
	int ret = 0;

	while (!ret && ng_pin_batch_take(batch, most, &span)) {
		if (most > 1 && loose->npages && loose->pfn + loose->npages == span.pfn &&
		    loose->pinned == span.pinned) {
			loose->npages += span.npages;
			continue;
		}
		ret = map_loose(ct, mapping, progress);
		*loose = run_of(&span);
	}
	if (!ret && complete)
		ret = map_loose(ct, mapping, progress);
	return ret;
}

static void unpin_run(const struct ng_run *run, bool dirty)
{
	unsigned long done, npages;

	for (done = 0; done < run->npages; done += npages) {
		if (done)
			cond_resched();
		npages = min_t(unsigned long, run->npages - done, UNPIN_BATCH_PAGES);
		compat_unpin_frames(run->pfn + done, npages, dirty);
	}
}

/* Single pages are much cheaper to unpin together. */
struct single_pages {
	unsigned int nr;
	struct page *pages[32];
};

static void unpin_singles(struct single_pages *singles, bool dirty)
{
	unpin_user_pages_dirty_lock(singles->pages, singles->nr, dirty);
	singles->nr = 0;
}

/* noinline: many kernels clear the array on each entry to the function. */
static noinline void unpin_runs(struct ng_mapping *mapping, struct ng_run_cursor *cursor, u64 bytes)
{
	bool dirty = mapping->prot & IOMMU_WRITE;
	struct single_pages singles;
	unsigned long unrested = 0;
	struct ng_run run;

	singles.nr = 0;
	for (; bytes && ng_run_cursor_next(cursor, &mapping->runs, &run); bytes -= run_bytes(&run)) {
		if (!run.pinned)
			continue;
		if (run.npages == 1) {
			singles.pages[singles.nr++] = pfn_to_page(run.pfn);
			if (singles.nr < ARRAY_SIZE(singles.pages))
				continue;
			unpin_singles(&singles, dirty);
			unrested += ARRAY_SIZE(singles.pages);
		} else {
			unpin_run(&run, dirty);
			unrested += run.npages;
		}
		if (unrested >= UNPIN_BATCH_PAGES) {
			cond_resched();
			unrested = 0;
		}
	}
	unpin_singles(&singles, dirty);
}

/* As unpin_runs(), without its array if there is a single run. */
static void let_go(struct ng_mapping *mapping, struct ng_run_cursor *cursor, u64 bytes)
{
	struct ng_run run;

	if (ng_runs_last_chunk(&mapping->runs)) {
		unpin_runs(mapping, cursor, bytes);
		return;
	}
	if (ng_run_cursor_next(cursor, &mapping->runs, &run) && run.pinned)
		unpin_run(&run, mapping->prot & IOMMU_WRITE);
}

static void leak_runs(struct ng_mapping *mapping, struct ng_run_cursor *cursor, u64 bytes)
{
	struct ng_run run;

	for (; bytes && ng_run_cursor_next(cursor, &mapping->runs, &run); bytes -= run_bytes(&run))
		leak_run(mapping, &run);
}

/* U64_MAX if the runs cover the whole mapping. */
static u64 remembered_bytes(const struct ng_mapping *mapping)
{
	struct ng_run_cursor cursor = {};
	unsigned int steps = 0;
	struct ng_run run;
	u64 bytes = 0;

	if (!mapping->runs.partial)
		return U64_MAX;
	while (ng_run_cursor_next(&cursor, &mapping->runs, &run)) {
		bytes += run_bytes(&run);
		ng_rest(&steps);
	}
	return bytes;
}

/* Whole runs of at least a batch, or all that is left if that is less. */
static u64 next_batch_bytes(struct ng_mapping *mapping, struct ng_run_cursor cursor, u64 left)
{
	struct ng_run run;
	u64 bytes = 0;

	if (left <= EMPTY_BATCH_BYTES)
		return left;
	while (bytes < EMPTY_BATCH_BYTES && ng_run_cursor_next(&cursor, &mapping->runs, &run))
		bytes += run_bytes(&run);
	return bytes;
}

/* Mapped are @mapped_bytes: whole runs, or all runs and what follows. */
static bool empty(struct ng_container *ct, struct ng_mapping *mapping, u64 mapped_bytes)
{
	u64 done, bytes, remembered = min(mapped_bytes, remembered_bytes(mapping));
	struct ng_run_cursor cursor = {};
	bool all = true;

	for (done = 0; done < remembered; done += bytes) {
		bytes = next_batch_bytes(mapping, cursor, remembered - done);
		if (ng_domains_unmap(ct, mapping->range.first + done, bytes)) {
			let_go(mapping, &cursor, bytes);
		} else {
			leak_runs(mapping, &cursor, bytes);
			all = false;
		}
		cond_resched();
	}
	if (done < mapped_bytes)
		all &= ng_lookup_empty(ct, mapping, done, mapped_bytes);
	/* Runs that were pinned but never mapped. */
	if (mapped_bytes < mapping_bytes(mapping))
		let_go(mapping, &cursor, U64_MAX);

	ng_account_uncharge(mapping->owner, mapping->charged_pages);
	mapping->charged_pages = 0;
	ng_runs_free(&mapping->runs);
	return all;
}

static int pin_and_map(struct ng_container *ct, struct ng_mapping *mapping, struct ng_pin_batch *batch,
		       struct fill_progress *progress)
{
	unsigned long done, npages = mapping_npages(mapping);
	bool complete;
	int ret;

	for (done = 0; done < npages; done += batch->npages) {
		ret = ng_pin(mapping->owner->mm, mapping->vaddr + ((u64)done << PAGE_SHIFT), npages - done,
			     mapping->prot & IOMMU_WRITE, batch);
		if (ret)
			return ret;
		complete = done + batch->npages == npages;
		remember(mapping, batch, progress);
		ret = charge(mapping, progress, npages - done - batch->npages);
		if (!ret)
			ret = map_runs(ct, mapping, progress, complete || mapping->runs.partial);
		if (!ret && mapping->runs.partial)
			ret = map_unremembered(ct, mapping, batch, progress, complete);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/* Fail early while runs could be freed instead; after that, try hard. */
#define GFP_PAGE_TABLES_GENTLE	NG_GFP_OPTIONAL
#define GFP_PAGE_TABLES		GFP_KERNEL_ACCOUNT

/* After a failure: unpin what is neither in the runs nor mapped. */
static void drop_unmapped(struct ng_pin_batch *batch, struct fill_progress *progress)
{
	if (progress->loose.npages && progress->loose.pinned)
		compat_unpin_frames(progress->loose.pfn, progress->loose.npages, false);
	ng_pin_batch_drop(batch);
}

static int fill(struct ng_container *ct, struct ng_mapping *mapping, gfp_t gfp,
		bool *page_tables_short)
{
	struct fill_progress progress = {
		.ahead = NG_CHARGE_AHEAD_INIT(progress.ahead, mapping->owner),
		.gfp = gfp,
	};
	struct ng_pin_batch batch;
	int ret;

	ng_pin_batch_init(&batch, mapping_npages(mapping), &ct->spare_pages);
	ret = pin_and_map(ct, mapping, &batch, &progress);
	if (ret)
		drop_unmapped(&batch, &progress);
	ng_pin_batch_destroy(&batch, &ct->spare_pages);
	ng_account_end_ahead(&progress.ahead);

	*page_tables_short = progress.page_tables_short;
	if (ret && !empty(ct, mapping, progress.mapped_bytes))
		*page_tables_short = false;	/* the range cannot be mapped again */
	return ret;
}

/**
 * ng_mapping_fill() - pin a mapping's memory and map it in every domain
 * @ct: the container, its topology held
 * @mapping: without runs, used by this thread only; its owner's mm has users
 * Return: 0; or an errno, with nothing pinned, charged or mapped, except leaks.
 */
int ng_mapping_fill(struct ng_container *ct, struct ng_mapping *mapping)
{
	bool page_tables_short;
	int ret;

	ret = fill(ct, mapping, GFP_PAGE_TABLES_GENTLE, &page_tables_short);
	if (!page_tables_short)
		return ret;
	mapping->runs.partial = true;
	return fill(ct, mapping, GFP_PAGE_TABLES, &page_tables_short);
}

/**
 * ng_mapping_empty() - unmap a mapping from every domain and unpin it
 * @ct: the container, its topology held
 * @mapping: in every domain or without runs, used by this thread only
 */
void ng_mapping_empty(struct ng_container *ct, struct ng_mapping *mapping)
{
	/* Without runs nothing is mapped, and the range may be huge. */
	empty(ct, mapping, ng_runs_empty(&mapping->runs) ? 0 : mapping_bytes(mapping));
}

/**
 * ng_mapping_replay() - map a live mapping in one more domain
 * @ct: the container, its topology held for writing
 * @mapping: the mapping
 * @domain: the domain
 * Return: 0; the IOMMU driver's errno; -EINTR; as ng_lookup_replay().
 */
int ng_mapping_replay(struct ng_container *ct, struct ng_mapping *mapping,
		      struct ng_domain *domain)
{
	struct ng_run_cursor cursor = {};
	struct ng_run run;
	u64 done = 0;
	int ret = 0;

	while (ng_run_cursor_next(&cursor, &mapping->runs, &run)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = ng_domain_map(domain, mapping->range.first + done, &run, mapping->prot,
				    GFP_PAGE_TABLES_GENTLE);
		if (ret)
			break;
		done += run_bytes(&run);
		cond_resched();
	}
	if (ret == -ENOMEM) {
		ng_runs_free(&mapping->runs);
		mapping->runs.partial = true;
	} else if (ret || !mapping->runs.partial) {
		return ret;
	}
	return ng_lookup_replay(ct, mapping, domain, done, GFP_PAGE_TABLES);
}

/**
 * ng_mapping_withdraw() - unmap a live mapping from one domain, or leak it
 * @mapping: the mapping
 * @domain: the domain, which maps all of it
 */
void ng_mapping_withdraw(struct ng_mapping *mapping, struct ng_domain *domain)
{
	struct ng_run_cursor cursor = {};
	struct ng_run run;
	u64 done = 0;

	while (ng_run_cursor_next(&cursor, &mapping->runs, &run)) {
		if (!ng_domain_unmap(domain, mapping->range.first + done, &run) && run.pinned) {
			leak_run(mapping, &run);
			ng_hold_frames(run.pfn, run.npages);
		}
		done += run_bytes(&run);
		cond_resched();
	}
	if (mapping->runs.partial)
		ng_lookup_withdraw(mapping, domain, done);
}
