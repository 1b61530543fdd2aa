// SPDX-License-Identifier: GPL-2.0-only
/* Copying requests and results; checks are in the order of Linux 7.3. */
#include <linux/iommu.h>
#include <linux/uaccess.h>

#include <compat/vfio.h>

#include "container.h"
#include "dirty_ioctl.h"
#include "domain.h"
#include "info.h"
#include "ioctl.h"
#include "mapping.h"
#include "trace.h"
#include "vaddr.h"

/* Without a container, no coherency is promised. */
static long check_coherency(void *handle)
{
	struct ng_container *ct = handle ? ng_container_get(handle) : NULL;
	long coherent = 0;

	if (!ct)
		return 0;
	if (!ng_container_enter(ct)) {
		coherent = ng_domains_coherent(ct);
		ng_container_leave(ct);
	}
	ng_container_put(ct);
	return coherent;
}

/* In-kernel users may use user addresses at any time. */
static long check_update_vaddr(void *handle)
{
	struct ng_container *ct = handle ? ng_container_get(handle) : NULL;
	long offered;

	if (!ct)
		return 0;
	offered = !READ_ONCE(ct->nr_emulated);
	ng_container_put(ct);
	return offered;
}

/* @handle is NULL while the core looks for a driver. */
static long check_extension(void *handle, unsigned long extension)
{
	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_UPDATE_VADDR:
		return check_update_vaddr(handle);
	case VFIO_DMA_CC_IOMMU:
		return check_coherency(handle);
	default:
		return 0;
	}
}

static long map_dma(struct ng_container *ct, unsigned long arg)
{
	const u32 access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	const u32 known_flags = access | VFIO_DMA_MAP_FLAG_VADDR;
	struct vfio_iommu_type1_dma_map map;
	struct ng_map_request request = {};
	struct ng_range user_range;
	int ret;

	if (copy_from_user(&map, (void __user *)arg, offsetofend(struct vfio_iommu_type1_dma_map, size)))
		return -EFAULT;
	if (map.argsz < offsetofend(struct vfio_iommu_type1_dma_map, size) || map.flags & ~known_flags)
		return -EINVAL;

	ret = ng_range_init_native(&request.range, map.iova, map.size);
	if (!ret)
		ret = ng_range_init_native(&user_range, map.vaddr, map.size);
	if (ret)
		return ret;

	/* Either access to new memory, or a new address of old memory. */
	if (!(map.flags & access) == !(map.flags & VFIO_DMA_MAP_FLAG_VADDR))
		return -EINVAL;

	request.vaddr = map.vaddr;
	if (map.flags & VFIO_DMA_MAP_FLAG_VADDR)
		return ng_vaddr_update(ct, &request);
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		request.prot |= IOMMU_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		request.prot |= IOMMU_WRITE;
	ret = ng_map(ct, &request);
	trace_vfio_map(ct->handle, request.range.first, request.range.last, request.prot, ret);
	return ret;
}

static long unmap_dma(struct ng_container *ct, unsigned long arg)
{
	const u32 whole = VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR;
	const u32 known_flags = whole | VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	const size_t bytes = offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap unmap;
	struct ng_unmap_request request;
	struct vfio_bitmap bitmap;
	u64 covered_bytes;
	int ret;

	if (copy_from_user(&unmap, (void __user *)arg, bytes))
		return -EFAULT;
	if (unmap.argsz < bytes || unmap.flags & ~known_flags)
		return -EINVAL;

	request = (struct ng_unmap_request){
		.iova = unmap.iova,
		.size = unmap.size,
		.all = unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL,
		.vaddr = unmap.flags & VFIO_DMA_UNMAP_FLAG_VADDR,
	};
	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP) {
		if (unmap.flags & whole || unmap.argsz < bytes + sizeof(bitmap))
			return -EINVAL;
		if (copy_from_user(&bitmap, (void __user *)(arg + bytes), sizeof(bitmap)))
			return -EFAULT;
		ret = ng_check_bitmap(&bitmap, unmap.size);
		if (ret)
			return ret;
		request.bitmap = &bitmap;
	}
	if (request.vaddr) {
		ret = ng_vaddr_invalidate(ct, &request, &covered_bytes);
	} else {
		ret = ng_unmap(ct, &request, &covered_bytes);
		trace_vfio_unmap(ct->handle, request.iova, request.size, ret ? 0 : covered_bytes, ret);
	}
	if (ret)
		return ret;

	unmap.size = covered_bytes;
	return copy_to_user((void __user *)arg, &unmap, bytes) ? -EFAULT : 0;
}

static long container_ioctl(struct ng_container *ct, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VFIO_IOMMU_GET_INFO:
		return ng_get_info(ct, arg);
	case VFIO_IOMMU_MAP_DMA:
		return map_dma(ct, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap_dma(ct, arg);
	case VFIO_IOMMU_DIRTY_PAGES:
		return ng_dirty_pages(ct, arg);
	default:
		return -ENOTTY;
	}
}

/**
 * ng_ioctl() - the core's ioctl operation
 * @handle: the container's handle; NULL for VFIO_CHECK_EXTENSION without one
 * @cmd: ioctl number
 * @arg: its argument
 * Return: as the ioctl defines; -EINVAL if the container is gone.
 */
long ng_ioctl(void *handle, unsigned int cmd, unsigned long arg)
{
	struct ng_container *ct;
	long ret;

	if (cmd == VFIO_CHECK_EXTENSION)
		return check_extension(handle, arg);

	ct = ng_container_get(handle);
	if (!ct)
		return -EINVAL;
	ret = container_ioctl(ct, cmd, arg);
	ng_container_put(ct);
	return ret;
}
