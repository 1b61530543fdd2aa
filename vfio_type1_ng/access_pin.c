// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning for in-kernel users. Unpinning must not wait for a mapping: a driver
 * does it when it is notified, and may be in the middle of pinning elsewhere.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>

#include <compat/mm.h>
#include <compat/vfio_access.h>

#include "access.h"
#include "account.h"
#include "container.h"
#include "dirty.h"
#include "external.h"
#include "group.h"
#include "mapping.h"
#include "pin.h"
#include "trace.h"
#include "turn.h"

/* Limited by the stack and by the bits of a u32. */
#define UNPIN_BATCH_PAGES	32

#define PIN_BATCH_PAGES		512

/* Without a domain, mappings are not filled and do not pay for these pages. */
static bool pins_are_charged(const struct ng_container *ct)
{
	return list_empty(&ct->domains);
}

static bool within(const struct ng_mapping *mapping, u64 iova)
{
	return mapping->range.first <= iova && iova <= mapping->range.last;
}

/* A v1 unmap may exceed the request, so v1 containers never allowed pins. */
static int check_list(const struct ng_container *ct, const struct compat_pin_list *list, int npages)
{
	return ct->v2 ? compat_pin_list_check(list, npages) : -EACCES;
}

/* Return the number of pages handled; 0 if the first is not mapped. */
static int unpin_some(struct ng_container *ct, const struct compat_pin_list *list, int from, int npages)
{
	unsigned long frames[UNPIN_BATCH_PAGES];
	unsigned int nr_frames = 0, k;
	unsigned long charged = 0;
	struct ng_mapping *mapping;
	struct ng_owner *owner;
	u32 last_holds = 0;
	bool writable;
	int i;

	mutex_lock(&ct->lock);
	mapping = ng_mapping_first(ct, ng_access_page(compat_pin_iova(list, from)));
	if (!mapping) {
		mutex_unlock(&ct->lock);
		return 0;
	}

	for (i = from; i < npages && i - from < UNPIN_BATCH_PAGES; i++) {
		struct ng_external_pin last;

		if (!within(mapping, compat_pin_iova(list, i)))
			break;
		if (!ng_external_drop(ct, compat_pin_iova(list, i), &last))
			continue;
		ng_dirty_mark(ct, mapping, ng_access_page(compat_pin_iova(list, i)));
		last_holds |= BIT(i - from);
		if (last.pinned)
			frames[nr_frames++] = last.pfn;
		charged += ng_external_charged(&last);
	}
	if (!last_holds)
		goto unlock;

	/* With a domain, a transition may change it without the lock. */
	charged = pins_are_charged(ct) ? min(charged, mapping->charged_pages) : 0;
	if (charged)
		mapping->charged_pages -= charged;
	writable = mapping->prot & IOMMU_WRITE;
	owner = ng_owner_get(mapping->owner);
	mutex_unlock(&ct->lock);

	for (k = 0; k < nr_frames; k++)
		compat_unpin_frames(frames[k], 1, writable);
	ng_account_uncharge(owner, charged);
	ng_owner_put(owner);

	mutex_lock(&ct->lock);
	for (k = 0; k < UNPIN_BATCH_PAGES; k++)
		if (last_holds & BIT(k))
			ng_external_erase(ct, compat_pin_iova(list, from + k));
unlock:
	mutex_unlock(&ct->lock);
	return i - from;
}

static int unpin(struct ng_container *ct, const struct compat_pin_list *list, int npages)
{
	int done = 0, n;

	if (!ng_container_enter_to_clean_up(ct))
		return 0;
	while (done < npages) {
		n = unpin_some(ct, list, done, npages);
		if (!n)
			break;
		done += n;
	}
	ng_container_leave(ct);
	return done;
}

static void tell_bad_unpin(const struct compat_pin_list *list, int npages, int ret)
{
	static const char who[] = "a device driver unpins what it has not pinned";
	u64 iova = npages > 0 ? compat_pin_iova(list, 0) : 0;

	if (ret < 0)
		pr_warn_ratelimited("%s: %d pages from IOVA %#llx on cannot be pinned (errno %d)\n",
				    who, npages, iova, -ret);
	else if (ret < npages)
		pr_warn_ratelimited("%s: of %d pages from IOVA %#llx on only %d are mapped\n",
				    who, npages, iova, ret);
}

/**
 * ng_access_unpin() - unpin pages; the core's unpin_pages operation
 * @handle: the container's handle
 * @list: the pages
 * @npages: number of pages
 *
 * Pages that are mapped but not held count as done. Not killable.
 * Return: pages done before one not mapped; -EINVAL, -EOVERFLOW, -EACCES (v1).
 */
int ng_access_unpin(void *handle, const struct compat_pin_list *list, int npages)
{
	struct ng_container *ct = ng_container_get(handle);
	int ret;

	if (!ct)
		return -EINVAL;
	ret = check_list(ct, list, npages);
	if (!ret)
		ret = unpin(ct, list, npages);
	tell_bad_unpin(list, npages, ret);
	trace_vfio_unpin_pages(ct->handle, npages > 0 ? compat_pin_iova(list, 0) : 0, npages, ret);
	ng_container_put(ct);
	return ret;
}

static int hold_known(struct ng_container *ct, struct ng_mapping *mapping, const struct compat_pin_list *list, int from,
		      int npages)
{
	unsigned long pfn;
	int i;

	for (i = from; i < npages && within(mapping, compat_pin_iova(list, i)); i++) {
		if (!ng_external_hold(ct, compat_pin_iova(list, i), &pfn))
			break;
		compat_pin_answer(list, i, pfn);
	}
	return i - from;
}

static int reserve_stretch(struct ng_container *ct, struct ng_mapping *mapping, const struct compat_pin_list *list,
			   int from, int npages)
{
	u64 first = compat_pin_iova(list, from);
	int n, ret;

	for (n = 0; from + n < npages && n < PIN_BATCH_PAGES; n++) {
		u64 iova = compat_pin_iova(list, from + n);

		if (iova != first + ((u64)n << PAGE_SHIFT) || !within(mapping, iova) || ng_external_has_record(ct, iova))
			break;
		ret = ng_external_reserve(ct, iova);
		if (ret)
			return n ?: ret;
	}
	return n;
}

static int pin_frames(struct ng_container *ct, struct ng_mapping *mapping, u64 iova, int npages,
		      struct ng_pin_batch *batch, unsigned long *charged)
{
	struct mm_struct *mm = mapping->owner->mm;
	int ret;

	if (!mmget_not_zero(mm))
		return -ENODEV;
	ret = ng_pin(mm, ng_mapping_vaddr(mapping, iova & PAGE_MASK), npages, mapping->prot & IOMMU_WRITE, batch);
	mmput(mm);
	if (ret)
		return ret;

	*charged = pins_are_charged(ct) ? ng_pin_batch_chargeable(batch) : 0;
	ret = ng_account_charge(mapping->owner, *charged, mapping->unlimited);
	if (ret)
		ng_pin_batch_drop(batch);
	return ret;
}

static int record(struct ng_container *ct, const struct compat_pin_list *list, int from, struct ng_pin_batch *batch)
{
	struct ng_pin_span span;
	int n = 0;

	/* Since v6.0, the list cannot take frames without a struct page. */
	while (ng_pin_batch_take(batch, 1, &span) && compat_pin_list_takes(span.pfn)) {
		ng_external_complete(ct, compat_pin_iova(list, from + n), span.pfn, span.pinned);
		compat_pin_answer(list, from + n++, span.pfn);
	}
	return n ?: -EINVAL;
}

/* Drops the lock meanwhile. */
static int hold_new(struct ng_container *ct, struct ng_mapping *mapping, const struct compat_pin_list *list, int from,
		    int npages)
{
	int i, ret, n = reserve_stretch(ct, mapping, list, from, npages);
	struct ng_pin_batch batch;
	unsigned long charged;

	if (n < 0)
		return n;

	ng_mapping_borrow(ct, mapping);
	ng_pin_batch_init(&batch, n, &ct->spare_pages);
	ret = pin_frames(ct, mapping, compat_pin_iova(list, from), n, &batch, &charged);
	mutex_lock(&ct->lock);

	if (!ret) {
		ret = record(ct, list, from, &batch);
		mapping->charged_pages += charged;
	}
	for (i = max(ret, 0); i < n; i++)
		ng_external_erase(ct, compat_pin_iova(list, from + i));
	ng_mapping_give_back(ct, mapping);
	ng_pin_batch_destroy(&batch, &ct->spare_pages);
	return ret;
}

/* A group whose driver pins pages can dirty no others; see dirty.h. */
static void note_pinning(struct ng_container *ct, struct iommu_group *iommu_group)
{
	struct ng_group *group = ng_group_find(ct, iommu_group);

	if (group)
		ng_dirty_group_promote(ct, group);
}

/* Return how many; 0 if a record was in transition: look all up again. */
static int pin_some(struct ng_container *ct, struct iommu_group *iommu_group, const struct compat_pin_list *list, int from,
		    int npages, int prot)
{
	u64 iova = compat_pin_iova(list, from);
	const struct ng_external_pin *other;
	struct ng_mapping *mapping;
	int ret;

	ret = ng_mappings_lock(ct, ng_access_page(iova));
	if (ret)
		return ret;

	mapping = ng_access_find(ct, iova, prot);
	other = ng_external_changing_hands(ct, iova);
	if (IS_ERR(mapping)) {
		ret = PTR_ERR(mapping);
	} else if (other) {
		ret = ng_turn_wait_for(ct, other);
	} else {
		ret = hold_known(ct, mapping, list, from, npages);
		if (!ret)
			ret = hold_new(ct, mapping, list, from, npages);
		if (ret == npages - from)
			note_pinning(ct, iommu_group);
	}
	mutex_unlock(&ct->lock);
	ng_container_leave(ct);
	return ret;
}

static int pin_all(struct ng_container *ct, struct iommu_group *iommu_group, const struct compat_pin_list *list, int npages,
		   int prot)
{
	int done, ret;

	for (done = 0; done < npages; done += ret) {
		ret = pin_some(ct, iommu_group, list, done, npages, prot);
		if (ret < 0)
			goto undo;
	}
	return npages;

undo:
	unpin(ct, list, done);
	for (; done >= 0; done--)
		compat_pin_no_answer(list, done);
	return ret;
}

/**
 * ng_access_pin() - pin pages for an in-kernel user; the core's pin_pages
 * @handle: the container's handle
 * @iommu_group: group of the user's device
 * @list: the pages; receives the frames
 * @npages: number of pages
 * @prot: required access: IOMMU_READ, IOMMU_WRITE
 * Return: @npages; or with none pinned: -EINVAL if a page is not mapped or
 * there is no listener; -EPERM; -EACCES for a v1 container; -EOVERFLOW; -EBUSY
 * while user addresses are invalid; -ENODEV, or as ng_pin() and
 * ng_account_charge().
 */
int ng_access_pin(void *handle, struct iommu_group *iommu_group, const struct compat_pin_list *list, int npages, int prot)
{
	struct ng_container *ct;
	int ret;

	if (npages <= 0)
		return -EINVAL;
	ct = ng_container_get(handle);
	if (!ct)
		return -EINVAL;

	ret = check_list(ct, list, npages);
	if (ret)
		goto put;

	if (READ_ONCE(ct->nr_vaddr_invalid))
		ret = ng_access_refuse_without_addresses();
	else if (compat_unmap_listeners_empty(&ct->listeners))
		ret = -EINVAL;
	else
		ret = pin_all(ct, iommu_group, list, npages, prot);
put:
	trace_vfio_pin_pages(ct->handle, compat_pin_iova(list, 0), npages, ret);
	ng_container_put(ct);
	return ret;
}

