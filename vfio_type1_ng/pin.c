// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning user memory, for as long as a device may reach it (FOLL_LONGTERM).
 *
 * The caller's own memory is pinned through the fast path where the pages are present.  That path
 * looks at page tables only, so it is used for areas of which these say all (see may_pin_fast()).
 * What it refuses, or what has to be faulted in, is asked for again under the mmap lock as any other
 * process would: that way the caller's protection keys do not count, and a userfaultfd handler is not
 * waited for.  What is not made of pages at all but of frames that a driver put into a VM_PFNMAP area
 * (a device's registers or memory) cannot be pinned and is looked up instead.
 *
 * The zero page, which stands for memory that was never written, is not held: it never goes away, and old kernels count
 * each pin of it in a reference count that overflows.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <compat/mm.h>

#include "alloc.h"
#include "pin.h"

/* A page full of pointers: 2 MiB of 4 KiB pages in one batch. */
#define BATCH_MAX	(PAGE_SIZE / sizeof(struct page *))

/**
 * ng_pin_batch_init() - make room for batches
 * @batch: the batch
 * @npages: how many pages will be asked for in all
 * @spare: where an array may be left over from an earlier batch; many kernels clear what they allocate, which costs
 *         more than small mappings do otherwise
 *
 * Cannot fail: without memory, pages are pinned one by one.
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

/* Leaves the array to the next batch, unless there is one for that already. */
void ng_pin_batch_destroy(struct ng_pin_batch *batch, struct page ***spare)
{
	if (batch->pages != &batch->single && cmpxchg(spare, NULL, batch->pages))
		kfree(batch->pages);
}

/* Lets go of what is left in a batch, which no device has reached. */
void ng_pin_batch_drop(struct ng_pin_batch *batch)
{
	if (batch->in_pages)
		unpin_user_pages(batch->pages + batch->taken, batch->npages - batch->taken);
	batch->taken = batch->npages;
}

/* How many pages that are left in a batch count as locked memory. */
unsigned long ng_pin_batch_chargeable(const struct ng_pin_batch *batch)
{
	unsigned long i, n = 0;

	for (i = batch->taken; batch->in_pages && i < batch->npages; i++)
		n += !PageReserved(batch->pages[i]);
	return n;
}

/* Keeps pinned frames from being used for anything else for ever, also when they are unpinned. */
void ng_hold_frames(unsigned long pfn, unsigned long npages)
{
	for (; npages; pfn++, npages--) {
		get_page(pfn_to_page(pfn));
		cond_resched();
	}
}

/* Takes @n frames of device memory from @pfn on into the batch if they continue it. */
static bool batch_add_device(struct ng_pin_batch *batch, unsigned long pfn, unsigned long n)
{
	if (batch->npages && batch->device_pfn + batch->npages != pfn)
		return false;
	if (!batch->npages)
		batch->device_pfn = pfn;
	batch->npages += n;
	return true;
}

/* Ordinary memory in a VM_PFNMAP area has no one who keeps it from being freed. */
static bool is_device_pfn(unsigned long pfn)
{
	return !pfn_valid(pfn) || PageReserved(pfn_to_page(pfn));
}

/**
 * fault_in() - let a driver fill in the page table entry of its VM_PFNMAP area
 * @mm: address space, its mmap lock held for reading
 * @addr: address in the area
 * @write: the entry must be writable
 *
 * Return: 0 if the area is still valid, -EAGAIN if the mmap lock was dropped and everything must be looked up again,
 * or another negative errno.
 */
static int fault_in(struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned int flags = FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0);
	bool unlocked = false;
	int ret = fixup_user_fault(mm, addr, flags, &unlocked);

	if (ret)
		return ret;
	return unlocked ? -EAGAIN : 0;
}

/**
 * look_up_device_memory() - find the frames behind addresses of a VM_PFNMAP area
 * @mm: address space, its mmap lock held for reading
 * @addr: first address
 * @npages: most frames to find
 * @write: they must be writable
 * @batch: filled with at least one frame on success
 *
 * Return: 0; -ENOENT if this is no such area; -EFAULT if the device must not reach it; -EAGAIN as fault_in(); or another
 * errno.
 */
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
		/* What was found so far is a batch; the error shows again at the head of the next one. */
		if (ret)
			return batch->npages ? 0 : ret;
		if (!batch_add_device(batch, entry.pfn, min(entry.npages, npages - batch->npages)))
			return 0;
	}
	return 0;
}

/* The way that works for any address space and any kind of memory. */
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
			ret = -EFAULT;	/* no page and no error: newer kernels refuse bad addresses so */
	}
	mmap_read_unlock(mm);
	return ret;
}

/*
 * May the same attempt succeed a moment later?
 *
 * Memory that the kernel wants to be able to move (ZONE_MOVABLE, CMA) is moved elsewhere before it
 * is pinned for long.  That fails while somebody else has a reference, as a call has that pins the
 * same memory, or another part of the same huge page.  Kernels say -ENOMEM then, which may also be
 * the truth.
 */
static bool may_be_momentary(int err)
{
	return err == -ENOMEM || err == -EBUSY || err == -EAGAIN;
}

/* Who tries again, of all containers: two may have the same memory. */
static DECLARE_WAIT_QUEUE_HEAD(retry_queue);
static unsigned long retry_turn;

/* The longest wait for the one whose turn it is, who may wait for memory that never comes. */
#define RETRY_TURN_MS	100

/* The pause before the first and the last further attempt, twice as long each time. */
#define RETRY_FIRST_MS	1
#define RETRY_LAST_MS	32

/*
 * Tries again what ended with @err, perhaps because somebody else was at it.
 *
 * Whoever tries again takes turns with others who do, so that they are not in each other's way, and
 * pauses until those who try for the first time have succeeded, or wait here, too.  It ends: after
 * a handful of attempts, the error is taken for the truth.
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
		wake_up(&retry_queue);
	}
	return err;
}

/* Does an area allow an access whenever its page table entries do? */
static bool area_allows(const struct vm_area_struct *vma, bool write)
{
	const unsigned long never = VM_IO | VM_PFNMAP | (write ? COMPAT_VM_SHADOW_STACK : 0);

	return !(vma->vm_flags & never) && (vma->vm_flags & (write ? VM_WRITE : VM_READ));
}

/* How far areas are looked at ahead: often enough for a call that takes long, and next to free. */
#define LOOK_AHEAD_PAGES	(SZ_32M >> PAGE_SHIFT)

/* Up to which address do areas allow the access?  @addr if they do not; the mmap lock is held. */
static unsigned long allowed_until(struct mm_struct *mm, unsigned long addr, unsigned long last, bool write)
{
	struct vm_area_struct *vma;

	while (addr <= last && (vma = find_vma(mm, addr)) && vma->vm_start <= addr && area_allows(vma, write))
		addr = vma->vm_end;
	return addr;
}

/**
 * may_pin_fast() - does the fast path of pinning answer for this memory as the slow one does?
 * @mm: address space
 * @vaddr: first address
 * @npages: how many pages are pinned next
 * @left: how many more will be, these included
 * @write: a device will write to them
 * @batch: knows what was looked at before
 *
 * The fast path asks no area.  Most architectures cannot make memory that is only written or only
 * executed unreadable, so to page tables it is readable; and what a driver put into a VM_IO area may
 * look like any other page.  The answer must not depend on whether a page is present.  Where another
 * thread changes areas after they were looked at, what the fast path finds counts.
 */
static bool may_pin_fast(struct mm_struct *mm, unsigned long vaddr, unsigned long npages, unsigned long left,
			 bool write, struct ng_pin_batch *batch)
{
	unsigned long addr, last;

	if (vaddr + (npages << PAGE_SHIFT) - 1 < batch->fast_until)
		return true;
	/* One page costs no more on the slow path.  Whoever is being killed is told so there. */
	if (left == 1 || mmap_read_lock_killable(mm))
		return false;
	addr = compat_untagged_addr(mm, vaddr);
	last = addr + (min(left, LOOK_AHEAD_PAGES) << PAGE_SHIFT) - 1;
	batch->fast_until = vaddr + (allowed_until(mm, addr, last, write) - addr);
	mmap_read_unlock(mm);
	return vaddr + (npages << PAGE_SHIFT) - 1 < batch->fast_until;
}

/**
 * ng_pin() - get the next frames behind user addresses
 * @mm: address space that the addresses belong to; has users
 * @vaddr: first address, page aligned
 * @npages: how many pages are still wanted
 * @write: a device will write to them
 * @batch: filled with at least one frame on success
 *
 * Context: process context; may fault, takes @mm's mmap lock for reading, and sleeps before it says
 * -ENOMEM.
 * Return: 0, or a negative errno: -EFAULT if the addresses are not mapped as needed, -EINTR on a fatal signal,
 * -ENOMEM, -EOPNOTSUPP for memory that cannot be pinned for long.
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
