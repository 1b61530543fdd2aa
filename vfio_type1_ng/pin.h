/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinning the memory behind user addresses. */
#ifndef NG_PIN_H
#define NG_PIN_H

#include <linux/mm.h>

#include <compat/mm.h>

/**
 * struct ng_pin_batch - the frames behind user addresses, a batch at a time
 * @pages: room for @capacity pages
 * @capacity: most pages pinned in one batch
 * @single: used as @pages for a single page, or without memory for an array
 * @npages: number of frames in the batch
 * @taken: number of frames taken out, from the first on
 * @device_pfn: first frame of device memory, which is contiguous, not pinned
 * @in_pages: the frames are in @pages; otherwise they are device memory
 * @fast_until: user address up to which areas were found to allow the access
 */
struct ng_pin_batch {
	struct page **pages;
	unsigned long capacity;
	struct page *single;

	unsigned long npages;
	unsigned long taken;
	unsigned long device_pfn;
	bool in_pages;
	unsigned long fast_until;
};

/**
 * struct ng_pin_span - consecutive frames of one kind
 * @pfn: the first frame
 * @npages: number of frames
 * @pinned: they must be unpinned
 * @chargeable: they count as locked memory
 */
struct ng_pin_span {
	unsigned long pfn;
	unsigned long npages;
	bool pinned;
	bool chargeable;
};

void ng_pin_batch_init(struct ng_pin_batch *batch, unsigned long npages, struct page ***spare);
void ng_pin_batch_destroy(struct ng_pin_batch *batch, struct page ***spare);
void ng_pin_batch_drop(struct ng_pin_batch *batch);
unsigned long ng_pin_batch_chargeable(const struct ng_pin_batch *batch);

void ng_hold_frames(unsigned long pfn, unsigned long npages);
int ng_pin(struct mm_struct *mm, u64 vaddr, unsigned long npages, bool write, struct ng_pin_batch *batch);

/*
 * A program can map the pages of a folio in any order, so compare each, but
 * check their kind once per folio. Inline, for the speed of scattered memory.
 */
static inline unsigned long ng_pin_count_alike(struct page **pages, unsigned long most)
{
	struct page *const first = pages[0];
	unsigned long n = 1, end;

	while (n < most && pages[n] == first + n) {
		end = min(most, n - 1 + compat_pages_to_folio_end(pages[n - 1]));
		if (n < end) {
			while (++n < end && pages[n] == first + n)
				;
		} else {
			if (PageReserved(pages[n]))
				break;
			n++;
		}
	}
	return n;
}

static inline void ng_pin_batch_take_pages(struct ng_pin_batch *batch, unsigned long most, struct ng_pin_span *span)
{
	struct page **pages = batch->pages + batch->taken;

	span->pfn = page_to_pfn(pages[0]);
	span->pinned = true;
	span->chargeable = !PageReserved(pages[0]);	/* reserved pages are the kernel's own */
	if (span->chargeable) {
		span->npages = ng_pin_count_alike(pages, most);
		return;
	}
	span->npages = 1;
	if (is_zero_pfn(span->pfn)) {
		unpin_user_page(pages[0]);
		span->pinned = false;
	}
}

/**
 * ng_pin_batch_take() - take the next frames out of a batch
 * @batch: the batch
 * @most: maximum number of frames
 * @span: set to the frames, which the caller must unpin if they are pinned
 * Return: false if the batch is empty.
 */
static inline bool ng_pin_batch_take(struct ng_pin_batch *batch, unsigned long most, struct ng_pin_span *span)
{
	most = min(most, batch->npages - batch->taken);
	if (!most)
		return false;
	if (batch->in_pages) {
		ng_pin_batch_take_pages(batch, most, span);
	} else {
		span->pfn = batch->device_pfn + batch->taken;
		span->npages = most;
		span->pinned = span->chargeable = false;
	}
	batch->taken += span->npages;
	return true;
}

#endif
