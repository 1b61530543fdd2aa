// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning user memory for as long as devices may reach it (FOLL_LONGTERM).
 *
 * The fast path pins present memory of the caller where page tables suffice
 * (see may_pin_fast()). Other memory is pinned like that of another process, so
 * that the caller's protection keys do not count and no userfaultfd handler is
 * waited for. VM_PFNMAP areas (registers or memory of a device) are looked up.
 * The zero page is not kept pinned, because old kernels overflow its reference
 * count.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <compat/mm.h>

#include "alloc.h"
#include "pin.h"

#define BATCH_MAX	(PAGE_SIZE / sizeof(struct page *))

/**
 * ng_pin_batch_init() - prepare to pin in batches; without memory, page by page
 * @batch: the batch
 * @npages: number of pages that will be pinned in all
 * @spare: array of an earlier batch: many kernels clear what they allocate
 */
void ng_pin_batch_init(struct ng_pin_batch *batch, unsigned long npages, struct page ***spare)
{
	*batch = (struct ng_pin_batch){ .capacity = BATCH_MAX };
	if (npages > 1) {
		batch->pages = xchg(spare, NULL);
		if (!batch->pages)
			batch->pages = kmalloc_array(BATCH_MAX, sizeof(*batch->pages),
						     NG_GFP_OPTIONAL);
	}
	if (!batch->pages) {
		batch->pages = &batch->single;
		batch->capacity = 1;
	}
}

/* Keep the array for the next batch, unless there is one already. */
void ng_pin_batch_destroy(struct ng_pin_batch *batch, struct page ***spare)
{
	if (batch->pages != &batch->single && cmpxchg(spare, NULL, batch->pages))
		kfree(batch->pages);
}

/* No device has reached what is left in the batch, so it is not dirty. */
void ng_pin_batch_drop(struct ng_pin_batch *batch)
{
	if (batch->in_pages)
		unpin_user_pages(batch->pages + batch->taken, batch->npages - batch->taken);
	batch->taken = batch->npages;
}

unsigned long ng_pin_batch_chargeable(const struct ng_pin_batch *batch)
{
	unsigned long i, n = 0;

	for (i = batch->taken; batch->in_pages && i < batch->npages; i++)
		n += !PageReserved(batch->pages[i]);
	return n;
}

/* Keep pinned frames from being reused, even after they are unpinned. */
void ng_hold_frames(unsigned long pfn, unsigned long npages)
{
	for (; npages; pfn++, npages--) {
		get_page(pfn_to_page(pfn));
		cond_resched();
	}
}

static bool batch_add_device(struct ng_pin_batch *batch, unsigned long pfn, unsigned long n)
{
	if (batch->npages && batch->device_pfn + batch->npages != pfn)
		return false;
	if (!batch->npages)
		batch->device_pfn = pfn;
	batch->npages += n;
	return true;
}

/* Nothing keeps ordinary memory in a VM_PFNMAP area from being freed. */
static bool is_device_pfn(unsigned long pfn)
{
	return !pfn_valid(pfn) || PageReserved(pfn_to_page(pfn));
}

/* Return -EAGAIN if the mmap lock was dropped: look everything up again. */
static int fault_in(struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned int flags = FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0);
	bool unlocked = false;
	int ret = fixup_user_fault(mm, addr, flags, &unlocked);

	if (ret)
		return ret;
	return unlocked ? -EAGAIN : 0;
}

/* Return -ENOENT if this is no VM_PFNMAP area. */
static int look_up_device_memory(struct mm_struct *mm, unsigned long addr, unsigned long npages, bool write,
				 struct ng_pin_batch *batch)
{
	unsigned long nr_entries;
	struct vm_area_struct *vma;
	int ret;

	addr = compat_untagged_addr(mm, addr);
	vma = find_vma(mm, addr);
	if (!vma || addr < vma->vm_start || !(vma->vm_flags & VM_PFNMAP))
		return -ENOENT;
	npages = min(npages, (vma->vm_end - addr) >> PAGE_SHIFT);

	for (nr_entries = 0; nr_entries < BATCH_MAX && batch->npages < npages; nr_entries++) {
		unsigned long at = addr + (batch->npages << PAGE_SHIFT);
		struct compat_pfnmap entry;

		ret = compat_follow_pfnmap(vma, at, &entry);
		if (ret && !batch->npages) {
			ret = fault_in(mm, at, write);
			if (ret)
				return ret;
			ret = compat_follow_pfnmap(vma, at, &entry);
		}
		if (!ret && ((write && !entry.writable) || !is_device_pfn(entry.pfn)))
			ret = -EFAULT;
		/* Return what was found; the next batch returns the error. */
		if (ret)
			return batch->npages ? 0 : ret;
		if (!batch_add_device(batch, entry.pfn, min(entry.npages, npages - batch->npages)))
			return 0;
	}
	return 0;
}

static int pin_locked(struct mm_struct *mm, unsigned long addr, unsigned long npages, bool write,
		      unsigned int gup_flags, struct ng_pin_batch *batch)
{
	long ret = mmap_read_lock_killable(mm);

	if (ret)
		return ret;

	ret = compat_pin_user_pages_remote(mm, addr, min(npages, batch->capacity), gup_flags, batch->pages);
	if (ret > 0) {
		batch->npages = ret;
		batch->in_pages = true;
		ret = 0;
	} else {
		int lookup;

		do {
			lookup = look_up_device_memory(mm, addr, npages, write, batch);
		} while (lookup == -EAGAIN);

		if (lookup != -ENOENT)
			ret = lookup;
		else if (!ret)
			ret = -EFAULT;	/* newer kernels: bad address */
	}
	mmap_read_unlock(mm);
	return ret;
}

/*
 * Movable memory (ZONE_MOVABLE, CMA) is moved before it is pinned for long,
 * which fails with -ENOMEM while it has another reference, such as that of a
 * call that pins the same huge page. The error can also be real.
 */
static bool may_be_momentary(int err)
{
	return err == -ENOMEM || err == -EBUSY || err == -EAGAIN;
}

/* One for all containers, because two may have the same memory. */
static DECLARE_WAIT_QUEUE_HEAD(retry_queue);
static unsigned long retry_turn;

/* Longest wait for a turn: the call before may wait for memory without end. */
#define RETRY_TURN_MS	100

/* First and last pause; each is twice as long as the one before. */
#define RETRY_FIRST_MS	1
#define RETRY_LAST_MS	32

/*
 * Take turns, so that retries do not disturb each other, and pause, so that
 * other calls can succeed. After six attempts, the error counts as real.
 */
static int pin_again(struct mm_struct *mm, unsigned long addr, unsigned long npages, bool write,
		     unsigned int gup_flags, struct ng_pin_batch *batch, int err)
{
	long turn = wait_event_killable_timeout(retry_queue, !test_and_set_bit_lock(0, &retry_turn),
						msecs_to_jiffies(RETRY_TURN_MS));
	unsigned int ms;

	if (turn < 0)
		return -EINTR;
	for (ms = RETRY_FIRST_MS; may_be_momentary(err) && ms <= RETRY_LAST_MS; ms *= 2) {
		schedule_timeout_killable(msecs_to_jiffies(ms));
		if (fatal_signal_pending(current))
			err = -EINTR;
		else
			err = pin_locked(mm, addr, npages, write, gup_flags, batch);
	}
	if (turn) {
		clear_bit_unlock(0, &retry_turn);
		/* No barrier: wake_up() takes the lock of the queue. */
		wake_up(&retry_queue);
	}
	return err;
}

/* True if page table entries alone decide whether an access is allowed. */
static bool area_allows(const struct vm_area_struct *vma, bool write)
{
	const unsigned long never = VM_IO | VM_PFNMAP | (write ? COMPAT_VM_SHADOW_STACK : 0);

	return !(vma->vm_flags & never) && (vma->vm_flags & (write ? VM_WRITE : VM_READ));
}

/* Check areas this far ahead: rarely enough to be cheap in a long call. */
#define LOOK_AHEAD_PAGES	(SZ_32M >> PAGE_SHIFT)

/* Return @addr if not even one page is allowed. The mmap lock is held. */
static unsigned long allowed_until(struct mm_struct *mm, unsigned long addr, unsigned long last, bool write)
{
	struct vm_area_struct *vma;

	while (addr <= last && (vma = find_vma(mm, addr)) && vma->vm_start <= addr && area_allows(vma, write))
		addr = vma->vm_end;
	return addr;
}

/*
 * The fast path does not check areas. On most architectures page tables make
 * write-only and execute-only memory readable, and pages of a VM_IO area look
 * like any others. The result must not depend on whether a page is present.
 */
static bool may_pin_fast(struct mm_struct *mm, unsigned long vaddr, unsigned long npages, unsigned long left,
			 bool write, struct ng_pin_batch *batch)
{
	unsigned long addr, last;

	if (vaddr + (npages << PAGE_SHIFT) - 1 < batch->fast_until)
		return true;
	/* One page is as cheap on the slow path, which also sees signals. */
	if (left == 1 || mmap_read_lock_killable(mm))
		return false;
	addr = compat_untagged_addr(mm, vaddr);
	last = addr + (min(left, LOOK_AHEAD_PAGES) << PAGE_SHIFT) - 1;
	batch->fast_until = vaddr + (allowed_until(mm, addr, last, write) - addr);
	mmap_read_unlock(mm);
	return vaddr + (npages << PAGE_SHIFT) - 1 < batch->fast_until;
}

/**
 * ng_pin() - pin the next frames behind user addresses
 * @mm: address space, which has users
 * @vaddr: first address, page aligned
 * @npages: number of pages still wanted
 * @write: a device will write to them
 * @batch: filled with at least one frame on success
 * Context: may fault, takes the mmap lock for reading, sleeps before -ENOMEM.
 * Return: 0; -EFAULT if the memory is not mapped as needed; -EINTR; -ENOMEM;
 * -EOPNOTSUPP if it cannot be pinned for long; or another errno of pinning.
 */
int ng_pin(struct mm_struct *mm, u64 vaddr, unsigned long npages, bool write, struct ng_pin_batch *batch)
{
	unsigned int gup_flags = FOLL_LONGTERM | (write ? FOLL_WRITE : 0);
	unsigned long most = min(npages, batch->capacity);
	int ret;

	batch->npages = 0;
	batch->taken = 0;
	batch->in_pages = false;

	if (fatal_signal_pending(current))
		return -EINTR;

	if (mm == current->mm && may_pin_fast(mm, vaddr, most, npages, write, batch)) {
		ret = pin_user_pages_fast(vaddr, most, gup_flags | COMPAT_FOLL_NOFAULT, batch->pages);
		if (ret > 0) {
			batch->npages = ret;
			batch->in_pages = true;
			return 0;
		}
	}
	ret = pin_locked(mm, vaddr, npages, write, gup_flags, batch);
	if (unlikely(may_be_momentary(ret)))
		ret = pin_again(mm, vaddr, npages, write, gup_flags, batch, ret);
	return ret;
}
