/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/mm.h> of the newest kernel, for older ones. History: unpinning by
 * range since v5.14; folios since v5.16; pointer tags of an mm since v6.4;
 * pin_user_pages_remote() without vmas since v6.5; ways to read a PTE of a
 * VM_PFNMAP area changed in v5.12, v6.10 and v6.12.
 */
#ifndef COMPAT_MM_H
#define COMPAT_MM_H

#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <compat/generated/probes.h>

#if !defined(CONFIG_SPARSEMEM_VMEMMAP) && !defined(CONFIG_FLATMEM)
#error "Neighbouring struct pages must stand for neighbouring frames, so the kernel needs CONFIG_SPARSEMEM_VMEMMAP or CONFIG_FLATMEM."
#endif

/* Since v6.5: a cache that is not merged shows objects that were not freed. */
#ifdef SLAB_NO_MERGE
#define COMPAT_SLAB_NO_MERGE	SLAB_NO_MERGE
#else
#define COMPAT_SLAB_NO_MERGE	0
#endif

/* Caller holds the mmap lock for reading. A result of 0 is a failure too. */
static inline long compat_pin_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long npages,
						unsigned int gup_flags, struct page **pages)
{
#ifdef HAVE_PIN_REMOTE_VMAS
	return pin_user_pages_remote(mm, start, npages, gup_flags, pages, NULL, NULL);
#else
	return pin_user_pages_remote(mm, start, npages, gup_flags, pages, NULL);
#endif
}

/*
 * Without this flag, pin_user_pages_fast() may wait for a userfaultfd handler
 * since v6.3; pin_user_pages_remote() as VFIO calls it never does. Before v5.16
 * the flag does not exist, and neither waits.
 */
#ifdef HAVE_FOLL_NOFAULT
#define COMPAT_FOLL_NOFAULT	FOLL_NOFAULT
#else
#define COMPAT_FOLL_NOFAULT	0
#endif

/* Since v6.6: a shadow stack, which only the CPU writes. */
#ifdef VM_SHADOW_STACK
#define COMPAT_VM_SHADOW_STACK	VM_SHADOW_STACK
#else
#define COMPAT_VM_SHADOW_STACK	0
#endif

/* Counts @page too. */
static inline unsigned long compat_pages_to_folio_end(struct page *page)
{
#ifdef HAVE_PAGE_FOLIO
	struct folio *folio = page_folio(page);

	return folio_nr_pages(folio) - folio_page_idx(folio, page);
#else
	struct page *head = compound_head(page);

	return compound_nr(head) - (page_to_pfn(page) - page_to_pfn(head));
#endif
}

/* Before v5.14 only arrays of pages can be unpinned. */
static inline void compat_unpin_frames(unsigned long pfn, unsigned long npages, bool dirty)
{
#ifdef HAVE_UNPIN_PAGE_RANGE
	unpin_user_page_range_dirty_lock(pfn_to_page(pfn), npages, dirty);
#else
	struct page *batch[32];

	while (npages) {
		unsigned long i, n = min_t(unsigned long, npages, ARRAY_SIZE(batch));

		for (i = 0; i < n; i++)
			batch[i] = pfn_to_page(pfn + i);
		unpin_user_pages_dirty_lock(batch, n, dirty);
		pfn += n;
		npages -= n;
	}
#endif
}

/*
 * The mmap lock for writing, to count locked pages. No VMA changes, so the
 * sequence count that newer kernels keep with the lock is left alone. That
 * permits a trylock, which <linux/mmap_lock.h> lacks since v6.12.
 */
static inline bool compat_mmap_trylock_to_account(struct mm_struct *mm)
{
	return down_write_trylock(&mm->mmap_lock);
}

static inline int compat_mmap_lock_to_account_killable(struct mm_struct *mm)
{
	return down_write_killable(&mm->mmap_lock);
}

static inline void compat_mmap_unlock_to_account(struct mm_struct *mm)
{
	up_write(&mm->mmap_lock);
}

/* Caller holds the mmap lock of @mm. */
static inline unsigned long compat_untagged_addr(struct mm_struct *mm, unsigned long addr)
{
#ifdef HAVE_UNTAGGED_ADDR_REMOTE
	return untagged_addr_remote(mm, addr);
#else
	return untagged_addr(addr);
#endif
}

/**
 * struct compat_pfnmap - page table entry of an address in a VM_PFNMAP area
 * @pfn: frame of the address
 * @npages: frames from @pfn on that the same entry maps, at least 1
 * @writable: whether the entry permits writing
 */
struct compat_pfnmap {
	unsigned long pfn;
	unsigned long npages;
	bool writable;
};

#if !defined(HAVE_FOLLOW_PFNMAP) && !defined(HAVE_FOLLOW_PTE_VMA) && !defined(HAVE_FOLLOW_PTE_MM)
#error "This kernel offers modules no safe way to read the page tables of device memory (follow_pfnmap_start, follow_pte)."
#endif

/**
 * compat_follow_pfnmap() - read the page table entry of a VM_PFNMAP area
 * @vma: the area; the caller holds its mm's mmap lock for reading
 * @addr: an address in it
 * @entry: filled on success
 *
 * Return: 0, or a negative errno if no entry is present.
 */
static inline int compat_follow_pfnmap(struct vm_area_struct *vma, unsigned long addr, struct compat_pfnmap *entry)
{
	int ret;
#ifdef HAVE_FOLLOW_PFNMAP
	struct follow_pfnmap_args args = { .vma = vma, .address = addr };

	ret = follow_pfnmap_start(&args);
	if (ret)
		return ret;
	entry->pfn = args.pfn;
	entry->writable = args.writable;
#ifdef HAVE_FOLLOW_PFNMAP_ADDR_MASK
	entry->npages = ((~args.addr_mask - (addr & ~args.addr_mask)) >> PAGE_SHIFT) + 1;
#else
	entry->npages = 1;
#endif
	follow_pfnmap_end(&args);
#else
	spinlock_t *lock;
	pte_t *ptep, pte;

#ifdef HAVE_FOLLOW_PTE_VMA
	ret = follow_pte(vma, addr, &ptep, &lock);
#else
	ret = follow_pte(vma->vm_mm, addr, &ptep, &lock);
#endif
	if (ret)
		return ret;
	__acquire(lock);	/* follow_pte() has no sparse annotation */
	pte = ptep_get(ptep);
	entry->pfn = pte_pfn(pte);
	entry->writable = pte_write(pte);
	entry->npages = 1;
	pte_unmap_unlock(ptep, lock);
#endif
	return 0;
}

#endif
