/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding and holding the memory behind user addresses. */
#ifndef NG_PIN_H
#define NG_PIN_H

#include <linux/types.h>

struct mm_struct;
struct page;

/**
 * struct ng_pin_batch - the frames behind a stretch of user addresses, a batch at a time
 * @pages: room for @capacity pages
 * @capacity: most pages pinned in one batch
 * @single: room for one page where no more could be had
 * @npages: how many frames the batch holds now
 * @device_pfn: first frame of device memory, which is contiguous and not pinned
 * @in_pages: the frames are those of @pages; otherwise device memory from @device_pfn on
 */
struct ng_pin_batch {
	struct page **pages;
	unsigned long capacity;
	struct page *single;

	unsigned long npages;
	unsigned long device_pfn;
	bool in_pages;
};

void ng_pin_batch_init(struct ng_pin_batch *batch, unsigned long npages);
void ng_pin_batch_destroy(struct ng_pin_batch *batch);
unsigned long ng_pin_batch_pfn(const struct ng_pin_batch *batch, unsigned long i);
bool ng_pin_batch_pinned(const struct ng_pin_batch *batch, unsigned long i);
unsigned long ng_pin_batch_chargeable(const struct ng_pin_batch *batch);
void ng_pin_batch_unpin(const struct ng_pin_batch *batch, unsigned long from);

int ng_pin(struct mm_struct *mm, u64 vaddr, unsigned long npages, bool write, struct ng_pin_batch *batch);

#endif
