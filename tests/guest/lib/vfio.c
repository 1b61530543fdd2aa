// SPDX-License-Identifier: GPL-2.0-only
/* The VFIO ioctls as calls that return -errno, and the guest's test devices. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "vfio.h"

#define INFO_BUFFER	4096

struct vfio_test_device devices[MAX_DEVICES];
int nr_devices;

static int compare_bdf(const void *a, const void *b)
{
	return strcmp(((const struct vfio_test_device *)a)->bdf,
		      ((const struct vfio_test_device *)b)->bdf);
}

static int group_of(const char *bdf)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	return atoi(strrchr(link, '/') + 1);
}

static bool has_id(const char *bdf, int vendor, int device)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", bdf);
	if (file_read_number(path) != vendor)
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", bdf);
	return file_read_number(path) == device;
}

static bool is_virtual_function(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/physfn", bdf);
	return !access(path, F_OK);
}

static bool is_test_device(const char *bdf)
{
	return has_id(bdf, EDU_VENDOR, EDU_DEVICE) || has_id(bdf, RNG_VENDOR, RNG_DEVICE) || is_virtual_function(bdf);
}

int devices_find(void)
{
	struct dirent *entry;
	DIR *dir;

	nr_devices = 0;
	dir = opendir("/sys/bus/pci/drivers/vfio-pci");
	if (!dir)
		return -errno;
	while (nr_devices < MAX_DEVICES && (entry = readdir(dir))) {
		struct vfio_test_device *dev = &devices[nr_devices];

		if (!strchr(entry->d_name, ':') || !is_test_device(entry->d_name))
			continue;
		snprintf(dev->bdf, sizeof(dev->bdf), "%.15s", entry->d_name);
		dev->group = group_of(entry->d_name);
		if (dev->group >= 0)
			nr_devices++;
	}
	closedir(dir);
	qsort(devices, nr_devices, sizeof(devices[0]), compare_bdf);
	return nr_devices;
}

int raw_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static int ioctl_value(int fd, unsigned long cmd, unsigned long value)
{
	int ret = ioctl(fd, cmd, value);

	return ret < 0 ? -errno : ret;
}

int container_open(void)
{
	int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int group_open(int number)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int group_set_container(int group, int container)
{
	return raw_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

int group_unset_container(int group)
{
	return raw_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

int group_status(int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int ret = raw_ioctl(group, VFIO_GROUP_GET_STATUS, &status);

	return ret < 0 ? ret : (int)status.flags;
}

int group_get_device(int group, const char *bdf)
{
	return raw_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)bdf);
}

int container_set_iommu(int container, int type)
{
	return ioctl_value(container, VFIO_SET_IOMMU, type);
}

int container_begin(int container, int group, int type)
{
	int ret = group_set_container(group, container);

	return ret ? ret : container_set_iommu(container, type);
}

int container_check_extension(int container, long extension)
{
	return ioctl_value(container, VFIO_CHECK_EXTENSION, extension);
}

int dma_map(int container, void *vaddr, uint64_t iova, uint64_t bytes, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = bytes,
	};

	return raw_ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

static int64_t unmap(int container, uint64_t iova, uint64_t bytes, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = bytes,
	};
	int ret = raw_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return ret < 0 ? ret : (int64_t)unmap.size;
}

int64_t dma_unmap(int container, uint64_t iova, uint64_t bytes)
{
	return unmap(container, iova, bytes, 0);
}

int64_t dma_unmap_all(int container)
{
	return unmap(container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}

int dirty_tracking(int container, uint32_t flag)
{
	struct vfio_iommu_type1_dirty_bitmap request = { .argsz = sizeof(request), .flags = flag };

	return raw_ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &request);
}

static struct vfio_bitmap as_vfio(struct dirty_bitmap bitmap)
{
	return (struct vfio_bitmap){ .pgsize = bitmap.pgsize, .size = bitmap.bytes, .data = bitmap.words };
}

int dirty_get(int container, uint64_t iova, uint64_t bytes, struct dirty_bitmap bitmap)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap header;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} request = {
		.header = { .argsz = sizeof(request), .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP },
		.get = { .iova = iova, .size = bytes, .bitmap = as_vfio(bitmap) },
	};

	return raw_ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &request);
}

int64_t dma_unmap_dirty(int container, uint64_t iova, uint64_t bytes, struct dirty_bitmap bitmap)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} request = {
		.unmap = {
			.argsz = sizeof(request), .flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			.iova = iova, .size = bytes,
		},
		.bitmap = as_vfio(bitmap),
	};
	int ret = raw_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request);

	return ret < 0 ? ret : (int64_t)request.unmap.size;
}

int64_t dma_invalidate_vaddr(int container, uint64_t iova, uint64_t bytes)
{
	return unmap(container, iova, bytes, VFIO_DMA_UNMAP_FLAG_VADDR);
}

static int parse_ranges(struct type1_info *info, const char *buf, uint32_t offset)
{
	const struct vfio_iommu_type1_info_cap_iova_range *cap = (const void *)(buf + offset);
	uint32_t i;

	if (cap->nr_iovas > MAX_IOVA_RANGES ||
	    offset + sizeof(*cap) + cap->nr_iovas * sizeof(cap->iova_ranges[0]) > info->argsz)
		return -EPROTO;
	info->nr_ranges = cap->nr_iovas;
	for (i = 0; i < cap->nr_iovas; i++) {
		/* Not aligned on kernels before 6.6. */
		memcpy(&info->range[i].first, &cap->iova_ranges[i].start, sizeof(uint64_t));
		memcpy(&info->range[i].last, &cap->iova_ranges[i].end, sizeof(uint64_t));
	}
	return 0;
}

static int parse_cap(struct type1_info *info, const char *buf, uint32_t offset)
{
	struct info_cap *cap = &info->cap[info->nr_caps++];
	struct vfio_info_cap_header header;

	memcpy(&header, buf + offset, sizeof(header));
	cap->id = header.id;
	cap->version = header.version;
	cap->offset = offset;
	cap->next = header.next;

	switch (header.id) {
	case VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE:
		return parse_ranges(info, buf, offset);
	case VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION:
		info->has_migration = true;
		memcpy(&info->migration, buf + offset, sizeof(info->migration));
		return 0;
	case VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL:
		info->has_avail = true;
		memcpy(&info->avail, buf + offset + sizeof(header), sizeof(info->avail));
		return 0;
	}
	return 0;
}

int type1_get_info(int container, struct type1_info *info)
{
	union {
		char bytes[INFO_BUFFER];
		struct vfio_iommu_type1_info fixed;
	} buf;
	uint32_t offset;
	int ret;

	memset(&buf, 0, sizeof(buf));
	buf.fixed.argsz = sizeof(buf);
	ret = raw_ioctl(container, VFIO_IOMMU_GET_INFO, &buf);
	if (ret < 0)
		return ret;

	memset(info, 0, sizeof(*info));
	info->argsz = buf.fixed.argsz;
	info->flags = buf.fixed.flags;
	info->pgsizes = buf.fixed.iova_pgsizes;
	info->cap_offset = buf.fixed.cap_offset;
	if (!(info->flags & VFIO_IOMMU_INFO_CAPS))
		return 0;
	for (offset = info->cap_offset; offset; offset = info->cap[info->nr_caps - 1].next) {
		if (offset > INFO_BUFFER - 16 || info->nr_caps == 8)
			return -EPROTO;
		ret = parse_cap(info, buf.bytes, offset);
		if (ret)
			return ret;
	}
	return 0;
}
