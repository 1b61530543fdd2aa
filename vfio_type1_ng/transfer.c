// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling a mapping (pin, remember, charge, map) and emptying it (unmap, unpin, uncharge).
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

/* How many pages are unpinned before there is a chance to reschedule. */
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
 * Charging takes the mmap lock from every thread of the owner, so what a batch needs is charged together with this much of what
 * is still to come, if the limit leaves room for it.  It is never charged late: each thread could hold that much beyond the
 * limit, for as long as a fault lasts.
 */
#define CHARGE_AHEAD_PAGES	(SZ_64M >> PAGE_SHIFT)

/**
 * struct fill_progress - how far filling a mapping has got
 * @cursor: the first run that is not mapped yet
 * @mapped_bytes: what the runs before it cover
 * @uncharged_pages: how many pages in the runs are still to be charged
 * @ahead_pages: how many pages are charged that are not in the runs yet
 */
struct fill_progress {
	struct ng_run_cursor cursor;
	u64 mapped_bytes;
	unsigned long uncharged_pages;
	unsigned long ahead_pages;
};

/* Adds a batch, which is empty afterwards, to the mapping's runs.  Returns 0 or -ENOMEM. */
static int remember(struct ng_mapping *mapping, struct ng_pin_batch *batch, struct fill_progress *progress)
{
	bool extend = !READ_ONCE(ng_disable_hugepages);
	unsigned long most = extend ? ULONG_MAX : 1, added;
	struct ng_pin_span span;

	while (ng_pin_batch_take(batch, most, &span)) {
		const struct ng_run frames = { .pfn = span.pfn, .npages = span.npages, .pinned = span.pinned };

		added = ng_runs_append(&mapping->runs, &frames, extend);
		if (added < span.npages) {
			if (span.pinned)
				compat_unpin_frames(span.pfn + added, span.npages - added, false);
			ng_pin_batch_drop(batch);
			return -ENOMEM;
		}
		if (span.chargeable)
			progress->uncharged_pages += span.npages;
	}
	return 0;
}

/**
 * charge() - charge what is in the mapping's runs
 * @mapping: the mapping
 * @progress: how far it is filled
 * @left: how many pages are not in its runs yet
 *
 * Return: 0, or as ng_account_charge().
 */
static int charge(struct ng_mapping *mapping, struct fill_progress *progress, unsigned long left)
{
	unsigned long npages = progress->uncharged_pages;
	int ret;

	if (npages > progress->ahead_pages) {
		unsigned long ahead = min_t(unsigned long, left, CHARGE_AHEAD_PAGES);

		ret = ng_account_charge_ahead(mapping->owner, npages - progress->ahead_pages, &ahead, mapping->unlimited);
		if (ret)
			return ret;
		progress->ahead_pages = npages + ahead;
	}
	progress->ahead_pages -= npages;
	progress->uncharged_pages = 0;
	mapping->charged_pages += npages;
	return 0;
}

/* Maps remembered runs in all domains; the last one only if it cannot grow any more (@complete). */
static int map_runs(struct ng_container *ct, struct ng_mapping *mapping, struct fill_progress *progress, bool complete)
{
	u64 iova = mapping->range.first + progress->mapped_bytes;
	struct ng_run_cursor cursor = progress->cursor;
	struct ng_run run;
	int ret = 0;

	while (ng_run_cursor_peek(&cursor, &mapping->runs, &run)) {
		if (!complete && ng_run_cursor_at_last(&cursor, &mapping->runs))
			break;
		ret = ng_domains_map(ct, iova, &run, mapping->prot);
		if (ret) {
			ng_run_cursor_put(&cursor, &mapping->runs, &run);
			break;
		}
		iova += run_bytes(&run);
		cursor.index++;
	}
	progress->cursor = cursor;
	progress->mapped_bytes = iova - mapping->range.first;
	return ret;
}

/* Lets go of a run that no domain maps any more. */
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

/* Single pages: many in one call cost much less than as many calls. */
struct single_pages {
	unsigned int nr;
	struct page *pages[32];
};

static void unpin_singles(struct single_pages *singles, bool dirty)
{
	unpin_user_pages_dirty_lock(singles->pages, singles->nr, dirty);
	singles->nr = 0;
}

/*
 * Lets go of runs that no domain maps any more: those from the cursor on that cover so many bytes, or all if there are fewer.
 * Apart from let_go(), because many kernels clear such an array whenever its function is entered.
 */
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

/* As unpin_runs(), and quick for the only run. */
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

/* Keeps the memory of the run at the cursor, which a device may still reach, pinned and charged for ever. */
static void leak_run(struct ng_mapping *mapping, struct ng_run_cursor *cursor, struct ng_run *run)
{
	if (run->pinned)
		mapping->charged_pages -= min(mapping->charged_pages, run->npages);
	run->pinned = false;
	ng_run_cursor_put(cursor, &mapping->runs, run);
}

/* Moves past runs that cover so many bytes, and leaks them. */
static void leak_runs(struct ng_mapping *mapping, struct ng_run_cursor *cursor, u64 bytes)
{
	struct ng_run run;

	for (; bytes && ng_run_cursor_peek(cursor, &mapping->runs, &run); bytes -= run_bytes(&run)) {
		leak_run(mapping, cursor, &run);
		cursor->index++;
	}
}

/* Says that memory at an IOVA stays pinned because an IOMMU driver did not unmap it. */
static void tell_leak(u64 iova, u64 bytes)
{
	pr_err_ratelimited("an IOMMU driver did not unmap %#llx bytes at IOVA %#llx; their memory stays pinned\n",
			   bytes, iova);
}

/* How much to unmap next: whole runs, not much more than a batch, and all that is left if that is not more. */
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
	struct ng_run_cursor cursor = {};
	u64 done, bytes;

	for (done = 0; done < mapped_bytes; done += bytes) {
		u64 iova = mapping->range.first + done;
		bool unmapped;

		bytes = next_batch_bytes(mapping, cursor, mapped_bytes - done);
		unmapped = ng_domains_unmap(ct, iova, bytes);
		if (unmapped) {
			let_go(mapping, &cursor, bytes);
		} else {
			tell_leak(iova, bytes);
			leak_runs(mapping, &cursor, bytes);
		}
		cond_resched();
	}
	/* What a mapping that could not be filled has besides. */
	if (mapped_bytes < mapping_bytes(mapping))
		let_go(mapping, &cursor, U64_MAX);

	ng_account_uncharge(mapping->owner, mapping->charged_pages);
	mapping->charged_pages = 0;
	ng_runs_free(&mapping->runs);
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
		complete = done + batch->npages == npages;
		if (!ret)
			ret = remember(mapping, batch, progress);
		if (!ret)
			ret = charge(mapping, progress, npages - done - batch->npages);
		if (!ret)
			ret = map_runs(ct, mapping, progress, complete);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/**
 * ng_mapping_fill() - pin a mapping's memory and map it in every domain
 * @ct: the container, its topology held
 * @mapping: a mapping without runs that nobody else touches, whose owner's address space has users
 *
 * Return: 0 or a negative errno, and then nothing is pinned, charged or mapped.
 */
int ng_mapping_fill(struct ng_container *ct, struct ng_mapping *mapping)
{
	struct ng_pin_batch batch;
	struct fill_progress progress = {};
	int ret;

	ng_pin_batch_init(&batch, mapping_npages(mapping), &ct->spare_pages);
	ret = pin_and_map(ct, mapping, &batch, &progress);
	ng_pin_batch_destroy(&batch, &ct->spare_pages);
	ng_account_uncharge(mapping->owner, progress.ahead_pages);

	if (ret)
		empty(ct, mapping, progress.mapped_bytes);
	return ret;
}

/**
 * ng_mapping_empty() - unmap a mapping from every domain and let go of its memory
 * @ct: the container, its topology held
 * @mapping: a mapping that nobody else touches, complete in every domain or without runs
 */
void ng_mapping_empty(struct ng_container *ct, struct ng_mapping *mapping)
{
	/* Without runs there is nothing to unmap, and the mapping may be larger than memory. */
	empty(ct, mapping, ng_runs_empty(&mapping->runs) ? 0 : mapping_bytes(mapping));
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
	struct ng_run_cursor cursor = {};
	struct ng_run run;
	int ret;

	while (ng_run_cursor_next(&cursor, &mapping->runs, &run)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = ng_domain_map(domain, iova, &run, mapping->prot);
		if (ret)
			return ret;
		iova += run_bytes(&run);
		cond_resched();
	}
	return 0;
}

/**
 * ng_mapping_withdraw() - unmap a live mapping from one domain, and keep it in the others
 * @mapping: the mapping
 * @domain: the domain, which maps all of it
 *
 * What the IOMMU driver does not unmap stays pinned and charged for ever.
 */
void ng_mapping_withdraw(struct ng_mapping *mapping, struct ng_domain *domain)
{
	u64 iova = mapping->range.first;
	struct ng_run_cursor cursor = {};
	struct ng_run run;

	for (; ng_run_cursor_peek(&cursor, &mapping->runs, &run); cursor.index++) {
		if (!ng_domain_unmap(domain, iova, &run)) {
			tell_leak(iova, run_bytes(&run));
			leak_run(mapping, &cursor, &run);
		}
		iova += run_bytes(&run);
		cond_resched();
	}
}
