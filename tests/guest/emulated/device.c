// SPDX-License-Identifier: GPL-2.0-only
/* What the driver of a device without an IOMMU does, well or badly, as a test wants. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "emulated.h"

#define MAX_RW_BYTES	(1UL << 20)

/* A page, how many times it is pinned, and whether ever to be written to. */
struct held {
	unsigned long frame;
	unsigned int times;
	bool writable;
};

/* Frames that nobody will unpin any more, by frame. */
static DEFINE_XARRAY(leaked);

static int remember(struct emulated *emulated, u64 iova, unsigned long frame, bool writable)
{
	struct held *held = xa_load(&emulated->held, iova >> PAGE_SHIFT);

	if (!held) {
		held = kzalloc(sizeof(*held), GFP_KERNEL);
		if (!held || xa_err(xa_store(&emulated->held, iova >> PAGE_SHIFT, held, GFP_KERNEL))) {
			kfree(held);
			return -ENOMEM;
		}
		held->frame = frame;
	}
	/* The same page as before, or something is very wrong. */
	if (held->frame != frame)
		return -EUCLEAN;
	held->times++;
	held->writable |= writable;
	emulated->nr_held++;
	return 0;
}

static void forget(struct emulated *emulated, u64 iova)
{
	struct held *held = xa_load(&emulated->held, iova >> PAGE_SHIFT);

	if (!held)
		return;
	emulated->nr_held--;
	if (--held->times)
		return;
	xa_erase(&emulated->held, iova >> PAGE_SHIFT);
	kfree(held);
}

static int pin(struct emulated *emulated, const struct ng_emulated_pages *pages)
{
	unsigned long *frames;
	int i, ret, err = 0;

	if (pages->npages > EMULATED_MAX_PAGES)
		return -E2BIG;
	frames = kcalloc(EMULATED_MAX_PAGES, sizeof(*frames), GFP_KERNEL);
	if (!frames)
		return -ENOMEM;
	ret = core_pin(emulated, pages->iova, pages->npages, pages->prot, frames);
	for (i = 0; i < ret && !err; i++)
		err = remember(emulated, pages->iova + ((u64)i << PAGE_SHIFT), frames[i],
			       pages->prot & IOMMU_WRITE);
	if (err) {
		/* Nothing of it stays pinned; the last one is not remembered. */
		core_unpin(emulated, pages->iova, ret);
		while (--i)
			forget(emulated, pages->iova + ((u64)(i - 1) << PAGE_SHIFT));
	}
	/* A failure has to take back what it said. */
	for (i = 0; ret < 0 && i < min_t(int, pages->npages, EMULATED_MAX_PAGES); i++)
		if (frames[i])
			err = -EUCLEAN;
	kfree(frames);
	return err ?: ret;
}

static void unpin(struct emulated *emulated, const struct ng_emulated_pages *pages)
{
	int i;

	emulated->told.unpinned = core_unpin(emulated, pages->iova, pages->npages);
	for (i = 0; i < pages->npages; i++)
		forget(emulated, pages->iova + ((u64)i << PAGE_SHIFT));
}

/*
 * A page of ordinary memory in an area that says it is none, as some drivers have: only the area tells. The flags are
 * const to modules of newer kernels, which have functions for what follows from other flags.
 */
int emulated_mmap(struct vm_area_struct *vma)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	int ret;

	if (!page)
		return -ENOMEM;
	*(unsigned long *)&vma->vm_flags |= VM_IO;
	ret = vm_insert_page(vma, vma->vm_start, page);
	/* The area has a reference of its own. */
	put_page(page);
	return ret;
}

/* Unpins every page held in a range, as often as it was pinned. */
static void let_go(struct emulated *emulated, u64 iova, u64 bytes)
{
	unsigned long index, last = (iova + (bytes - 1)) >> PAGE_SHIFT;
	struct held *held;

	lockdep_assert_held(&emulated->lock);
	xa_for_each_range(&emulated->held, index, held, iova >> PAGE_SHIFT, last) {
		u64 at = (u64)index << PAGE_SHIFT;
		unsigned int times = held->times;

		while (times--) {
			core_unpin(emulated, at, 1);
			forget(emulated, at);
		}
	}
}

static void leak(struct emulated *emulated)
{
	unsigned long index;
	struct held *held;

	xa_for_each(&emulated->held, index, held) {
		xa_store(&leaked, held->frame, xa_mk_value(1), GFP_KERNEL);
		xa_erase(&emulated->held, index);
		kfree(held);
	}
	emulated->nr_held = 0;
}

unsigned int emulated_mend(void)
{
	unsigned long frame;
	unsigned int n = 0;
	void *entry;

	xa_for_each(&leaked, frame, entry) {
		unpin_user_page(pfn_to_page(frame));
		xa_erase(&leaked, frame);
		n++;
	}
	return n;
}

static void let_go_late(struct work_struct *work)
{
	struct emulated *emulated = container_of(work, struct emulated, late);

	msleep(20);
	mutex_lock(&emulated->lock);
	let_go(emulated, emulated->told.iova, emulated->told.bytes);
	mutex_unlock(&emulated->lock);
}

void emulated_init(struct emulated *emulated, struct device *dev)
{
	emulated->dev = dev;
	mutex_init(&emulated->lock);
	xa_init(&emulated->held);
	INIT_WORK(&emulated->late, let_go_late);
}

void emulated_opened(struct emulated *emulated)
{
	mutex_lock(&emulated->lock);
	emulated->manners = NG_EMULATED_GOOD;
	emulated->told = (struct ng_emulated_told){};
	mutex_unlock(&emulated->lock);
}

void emulated_closed(struct emulated *emulated)
{
	flush_work(&emulated->late);
	mutex_lock(&emulated->lock);
	if (emulated->manners == NG_EMULATED_LEAKS)
		leak(emulated);
	else
		let_go(emulated, 0, U64_MAX);
	mutex_unlock(&emulated->lock);
}

/* As if a request came that needs the page, before whoever unmaps has seen that it was let go. */
static void pin_again(struct emulated *emulated, u64 iova)
{
	const struct ng_emulated_pages page = { .iova = iova, .npages = 1, .prot = IOMMU_READ | IOMMU_WRITE };

	if (emulated->told.times <= NG_EMULATED_BUSY_TIMES)
		pin(emulated, &page);
}

void emulated_told(struct emulated *emulated, u64 iova, u64 bytes)
{
	mutex_lock(&emulated->lock);
	emulated->told.times++;
	emulated->told.iova = iova;
	emulated->told.bytes = bytes;
	switch (emulated->manners) {
	case NG_EMULATED_GOOD:
		let_go(emulated, iova, bytes);
		break;
	case NG_EMULATED_BUSY:
		let_go(emulated, iova, bytes);
		pin_again(emulated, iova);
		break;
	case NG_EMULATED_LATE:
		schedule_work(&emulated->late);
		break;
	default:
		break;
	}
	mutex_unlock(&emulated->lock);
}

/* A call of core_rw() that a kernel thread makes. */
struct rw_call {
	struct emulated *emulated;
	const struct ng_emulated_rw *rw;
	void *buf;
	int ret;
	struct completion done;
};

static int make_rw_call(void *arg)
{
	struct rw_call *call = arg;

	call->ret = core_rw(call->emulated, call->rw->iova, call->buf, call->rw->bytes, call->rw->write);
	complete(&call->done);
	return 0;
}

static int rw_with_buffer(struct emulated *emulated, const struct ng_emulated_rw *rw, void *buf)
{
	struct rw_call call = { .emulated = emulated, .rw = rw, .buf = buf };
	struct task_struct *thread;

	init_completion(&call.done);
	if (!rw->from_kthread) {
		make_rw_call(&call);
		return call.ret;
	}
	thread = kthread_run(make_rw_call, &call, "ng_emulated");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wait_for_completion(&call.done);
	return call.ret;
}

/* As the device would, through the page that is pinned. */
static int touch(struct emulated *emulated, const struct ng_emulated_rw *rw, void *buf)
{
	unsigned int offset = rw->iova & ~PAGE_MASK;
	struct held *held = xa_load(&emulated->held, rw->iova >> PAGE_SHIFT);
	void *at;

	if (!held)
		return -ENOENT;
	if (rw->bytes > PAGE_SIZE - offset)
		return -EINVAL;
	/* It may be the zero page, which is everybody's. */
	if (rw->write && !held->writable)
		return -EACCES;
	/* Registers of a device, which are not in the kernel's map of memory. */
	if (!pfn_valid(held->frame))
		return -EFAULT;
	at = page_address(pfn_to_page(held->frame)) + offset;
	if (rw->write)
		memcpy(at, buf, rw->bytes);
	else
		memcpy(buf, at, rw->bytes);
	return 0;
}

static int rw(struct emulated *emulated, const struct ng_emulated_rw *rw,
	      int (*how)(struct emulated *emulated, const struct ng_emulated_rw *rw, void *buf))
{
	void __user *user = (void __user *)(unsigned long)rw->buffer;
	void *buf;
	int ret;

	if (!rw->bytes || rw->bytes > MAX_RW_BYTES)
		return -EINVAL;
	buf = kvzalloc(rw->bytes, GFP_KERNEL | __GFP_NOWARN);
	if (!buf)
		return -ENOMEM;
	ret = rw->write && copy_from_user(buf, user, rw->bytes) ? -EFAULT : 0;
	if (!ret)
		ret = how(emulated, rw, buf);
	if (!ret && !rw->write && copy_to_user(user, buf, rw->bytes))
		ret = -EFAULT;
	kvfree(buf);
	return ret;
}

/* Under the lock, but for what sleeps on user memory. */
static long pages_ioctl(struct emulated *emulated, unsigned int cmd, unsigned long arg)
{
	struct ng_emulated_pages pages;
	long ret = 0;

	if (copy_from_user(&pages, (void __user *)arg, sizeof(pages)))
		return -EFAULT;
	mutex_lock(&emulated->lock);
	if (cmd == NG_EMULATED_PIN)
		ret = pin(emulated, &pages);
	else
		unpin(emulated, &pages);
	mutex_unlock(&emulated->lock);
	return ret;
}

static long rw_ioctl(struct emulated *emulated, unsigned int cmd, unsigned long arg)
{
	struct ng_emulated_rw request;
	long ret;

	if (copy_from_user(&request, (void __user *)arg, sizeof(request)))
		return -EFAULT;
	if (cmd == NG_EMULATED_RW)
		return rw(emulated, &request, rw_with_buffer);
	mutex_lock(&emulated->lock);
	ret = rw(emulated, &request, touch);
	mutex_unlock(&emulated->lock);
	return ret;
}

static long told_ioctl(struct emulated *emulated, unsigned long arg)
{
	struct ng_emulated_told told;

	mutex_lock(&emulated->lock);
	told = emulated->told;
	told.held = emulated->nr_held;
	mutex_unlock(&emulated->lock);
	return copy_to_user((void __user *)arg, &told, sizeof(told)) ? -EFAULT : 0;
}

long emulated_ioctl(struct emulated *emulated, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case NG_EMULATED_PIN:
	case NG_EMULATED_UNPIN:
		return pages_ioctl(emulated, cmd, arg);
	case NG_EMULATED_RW:
	case NG_EMULATED_TOUCH:
		return rw_ioctl(emulated, cmd, arg);
	case NG_EMULATED_BEHAVE:
		mutex_lock(&emulated->lock);
		emulated->manners = arg;
		mutex_unlock(&emulated->lock);
		return 0;
	case NG_EMULATED_MEND:
		return emulated_mend();
	case NG_EMULATED_LISTEN:
		return core_listen(emulated, arg);
	case NG_EMULATED_TOLD:
		return told_ioctl(emulated, arg);
	default:
		return -ENOTTY;
	}
}
