// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_DIRTY_PAGES, and checks of dirty bitmaps. */
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/uaccess.h>

#include <compat/vfio.h>

#include "container.h"
#include "dirty.h"
#include "dirty_ioctl.h"
#include "range.h"

/**
 * ng_check_bitmap() - check that a user's bitmap has room for a range
 * @bitmap: the user's bitmap; only the lowest bit of its page size counts here
 * @size: length of the range in bytes
 * Return: 0, or -EINVAL, also for a range without a page.
 */
int ng_check_bitmap(const struct vfio_bitmap *bitmap, u64 size)
{
	u64 npages;

	if (!bitmap->pgsize || !access_ok(bitmap->data, bitmap->size))
		return -EINVAL;
	npages = size >> __ffs64(bitmap->pgsize);
	if (!npages || bitmap->size > NG_DIRTY_MAX_BITMAP_BYTES)
		return -EINVAL;
	/* In whole words; the size is limited, so its bits do not overflow. */
	return bitmap->size / sizeof(u64) * BITS_PER_TYPE(u64) < npages ? -EINVAL : 0;
}

static int get_bitmap(struct ng_container *ct, unsigned long arg, u32 argsz)
{
	const size_t header_bytes = sizeof(struct vfio_iommu_type1_dirty_bitmap);
	struct vfio_iommu_type1_dirty_bitmap_get get;
	struct ng_range range;
	int ret;

	if (argsz - header_bytes < sizeof(get))
		return -EINVAL;
	if (copy_from_user(&get, (void __user *)(arg + header_bytes), sizeof(get)))
		return -EFAULT;

	ret = ng_range_init_native(&range, get.iova, get.size);
	if (!ret)
		ret = ng_check_bitmap(&get.bitmap, get.size);
	return ret ? ret : ng_dirty_get(ct, get.iova, get.size, &get.bitmap);
}

/**
 * ng_dirty_pages() - VFIO_IOMMU_DIRTY_PAGES
 * @ct: the container
 * @arg: user address of a struct vfio_iommu_type1_dirty_bitmap
 * Return: 0; -EACCES (v1); -EOVERFLOW; as ng_dirty_start() and ng_dirty_get().
 */
long ng_dirty_pages(struct ng_container *ct, unsigned long arg)
{
	struct vfio_iommu_type1_dirty_bitmap request;

	if (!ct->v2)
		return -EACCES;
	if (copy_from_user(&request, (void __user *)arg, sizeof(request)))
		return -EFAULT;
	if (request.argsz < sizeof(request))
		return -EINVAL;

	switch (request.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
		return ng_dirty_start(ct);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		return ng_dirty_stop(ct);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		return get_bitmap(ct, arg, request.argsz);
	default:
		return -EINVAL;
	}
}
