// SPDX-License-Identifier: GPL-2.0-only
/* Copying from and to user memory for in-kernel users. */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "access.h"
#include "account.h"
#include "container.h"
#include "dirty.h"
#include "mapping.h"
#include "trace.h"

/* A process other than the owner gets -EFAULT, as in vfio_iommu_type1. */
static int copy(struct ng_owner *owner, u64 vaddr, void *buf, size_t bytes, bool write)
{
	void __user *user = (void __user *)(unsigned long)vaddr;
	bool borrow = !current->mm;
	unsigned long left = bytes;

	if (!mmget_not_zero(owner->mm))
		return -EPERM;
	if (borrow)
		kthread_use_mm(owner->mm);
	if (current->mm == owner->mm)
		left = write ? copy_to_user(user, buf, bytes) : copy_from_user(buf, user, bytes);
	if (borrow)
		kthread_unuse_mm(owner->mm);
	mmput(owner->mm);
	return left ? -EFAULT : 0;
}

static int rw_some(struct ng_container *ct, struct ng_range range, void *buf, bool write, size_t *bytes)
{
	struct ng_mapping *mapping;
	int ret;

	ret = ng_mappings_lock(ct, ng_access_page(range.first));
	if (ret)
		return ret;

	/* Writes need IOMMU_READ too, as in vfio_iommu_type1. */
	mapping = ng_access_find(ct, range.first, IOMMU_READ | (write ? IOMMU_WRITE : 0));
	if (IS_ERR(mapping)) {
		ret = PTR_ERR(mapping);
		goto unlock;
	}

	*bytes = min(range.last, mapping->range.last) - range.first + 1;
	ng_mapping_borrow(ct, mapping);
	ret = copy(mapping->owner, ng_mapping_vaddr(mapping, range.first), buf, *bytes, write);
	mutex_lock(&ct->lock);
	/* Also after a fault: a part may have been written before. */
	if (write)
		ng_dirty_mark(ct, mapping, (struct ng_range){ .first = range.first, .last = range.first + *bytes - 1 });
	ng_mapping_give_back(ct, mapping);
unlock:
	mutex_unlock(&ct->lock);
	ng_container_leave(ct);
	return ret;
}

/**
 * ng_access_rw() - copy user memory for an in-kernel user; the core's dma_rw
 * @handle: the container's handle
 * @iova: first address
 * @buf: source or destination
 * @bytes: length
 * @write: copy to user memory
 *
 * What was copied before an error stays copied.
 * Return: 0; -EBUSY while user addresses are invalid; -EINVAL if nothing is
 * mapped; -EPERM; -EFAULT; -EINTR.
 */
int ng_access_rw(void *handle, dma_addr_t iova, void *buf, size_t bytes, bool write)
{
	struct ng_container *ct = ng_container_get(handle);
	struct ng_range range;
	size_t done, n;
	int ret = 0;

	if (!ct)
		return -EINVAL;
	range.first = iova;
	if (check_add_overflow(range.first, (u64)bytes - 1, &range.last))
		range.last = U64_MAX;
	for (done = 0; done < bytes && !ret; done += n) {
		n = 0;
		range.first = (u64)iova + done;
		ret = range.first < iova ? -EINVAL : rw_some(ct, range, buf + done, write, &n);
	}
	trace_vfio_dma_rw(ct->handle, iova, bytes, write, ret);
	ng_container_put(ct);
	return ret;
}

