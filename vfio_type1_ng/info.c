// SPDX-License-Identifier: GPL-2.0-only
/* VFIO_IOMMU_GET_INFO: page sizes, and the chain of capabilities. */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <compat/vfio.h>

#include "container.h"
#include "info.h"

/* Fields of the first UAPI version; later ones are copied if there is room. */
#define INFO_MIN_BYTES	offsetofend(struct vfio_iommu_type1_info, iova_pgsizes)

/* Align the next capability, as cores since v6.6 do by themselves. */
static struct vfio_info_cap_header *add_cap(struct vfio_info_cap *caps, size_t bytes, u16 id)
{
	return vfio_info_cap_add(caps, ALIGN(bytes, sizeof(u64)), id, 1);
}

static int add_migration(struct ng_container *ct, struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_cap_migration *cap;
	struct vfio_info_cap_header *header;

	header = add_cap(caps, sizeof(*cap), VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	if (IS_ERR(header))
		return PTR_ERR(header);
	cap = container_of(header, struct vfio_iommu_type1_info_cap_migration, header);
	cap->pgsize_bitmap = ng_container_min_page(ct);
	cap->max_dirty_bitmap_size = NG_DIRTY_MAX_BITMAP_BYTES;
	return 0;
}

static int add_dma_avail(struct ng_container *ct, struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_dma_avail *cap;
	struct vfio_info_cap_header *header;

	header = add_cap(caps, sizeof(*cap), VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	if (IS_ERR(header))
		return PTR_ERR(header);
	cap = container_of(header, struct vfio_iommu_type1_info_dma_avail, header);
	cap->avail = READ_ONCE(ct->entries_left);
	return 0;
}

static int add_windows(struct ng_container *ct, struct vfio_info_cap *caps)
{
	const struct ng_iova_windows *windows = &ct->windows;
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct vfio_info_cap_header *header;
	unsigned int i;

	if (!windows->nr)
		return 0;

	header = add_cap(caps, struct_size(cap, iova_ranges, windows->nr), VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	if (IS_ERR(header))
		return PTR_ERR(header);
	cap = container_of(header, struct vfio_iommu_type1_info_cap_iova_range, header);
	cap->nr_iovas = windows->nr;
	for (i = 0; i < windows->nr; i++) {
		cap->iova_ranges[i].start = windows->windows[i].first;
		cap->iova_ranges[i].end = windows->windows[i].last;
	}
	return 0;
}

static int collect(struct ng_container *ct, struct vfio_iommu_type1_info *info, struct vfio_info_cap *caps)
{
	int ret;

	ret = ng_container_enter(ct);
	if (ret)
		return ret;

	info->flags = VFIO_IOMMU_INFO_PGSIZES;
	info->iova_pgsizes = ct->pgsizes;
	ret = add_migration(ct, caps);
	if (!ret)
		ret = add_dma_avail(ct, caps);
	if (!ret)
		ret = add_windows(ct, caps);

	ng_container_leave(ct);
	return ret;
}

/**
 * ng_get_info() - VFIO_IOMMU_GET_INFO
 * @ct: the container
 * @arg: user address of a struct vfio_iommu_type1_info
 * Return: 0; -EFAULT; -EINVAL if it is too short; -ENOMEM; -EINTR.
 */
int ng_get_info(struct ng_container *ct, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct vfio_info_cap caps = {};
	struct vfio_iommu_type1_info info;
	int ret;

	memset(&info, 0, sizeof(info));
	if (copy_from_user(&info, user, INFO_MIN_BYTES))
		return -EFAULT;
	if (info.argsz < INFO_MIN_BYTES)
		return -EINVAL;
	ret = collect(ct, &info, &caps);
	if (!ret) {
		/* Before argsz is raised to what all capabilities need. */
		size_t user_bytes = min_t(size_t, info.argsz, sizeof(info));

		info.flags |= VFIO_IOMMU_INFO_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			if (copy_to_user(user + sizeof(info), caps.buf, caps.size))
				ret = -EFAULT;
			info.cap_offset = sizeof(info);
		}
		if (!ret && copy_to_user(user, &info, user_bytes))
			ret = -EFAULT;
	}
	kfree(caps.buf);
	return ret;
}
