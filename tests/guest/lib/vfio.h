/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VFIO container, group and type1 ioctls, each as one call that returns
 * -errno on failure, and the devices of this guest that tests may use.
 */
#ifndef NG_VFIO_H
#define NG_VFIO_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/vfio.h>

#define MAX_DEVICES	320
#define MAX_IOVA_RANGES	32

#define DMA_READ	VFIO_DMA_MAP_FLAG_READ
#define DMA_WRITE	VFIO_DMA_MAP_FLAG_WRITE
#define DMA_RW		(DMA_READ | DMA_WRITE)

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8
#define RNG_VENDOR	0x1af4
#define RNG_DEVICE	0x1044

struct vfio_test_device {
	char bdf[16];
	int group;		/* number of its IOMMU group */
};

/* The edu devices, virtio-rng devices and virtual functions bound to vfio-pci, in the order of their addresses. */
extern struct vfio_test_device devices[MAX_DEVICES];
extern int nr_devices;

/* Fill devices[]; returns how many there are. */
int devices_find(void);

int container_open(void);
int group_open(int number);
int group_set_container(int group, int container);
int group_unset_container(int group);
int group_status(int group);			/* VFIO_GROUP_FLAGS_* */
int group_get_device(int group, const char *bdf);
int container_set_iommu(int container, int type);

/* Both at once, for a group that is the container's first one. */
int container_begin(int container, int group, int type);
int container_check_extension(int container, long extension);

int dma_map(int container, void *vaddr, uint64_t iova, uint64_t bytes, uint32_t flags);

/* Bytes unmapped, as the kernel reports them, or -errno. */
int64_t dma_unmap(int container, uint64_t iova, uint64_t bytes);
int64_t dma_unmap_all(int container);
int64_t dma_invalidate_vaddr(int container, uint64_t iova, uint64_t bytes);

/* VFIO_IOMMU_DIRTY_PAGES_FLAG_START or _STOP. */
int dirty_tracking(int container, uint32_t flag);

/* Where a report on dirty pages goes: a bit for each page of pgsize bytes. */
struct dirty_bitmap {
	uint64_t pgsize;
	uint64_t bytes;
	void *words;
};

int dirty_get(int container, uint64_t iova, uint64_t bytes, struct dirty_bitmap bitmap);

/* Unmap and report: bytes unmapped or -errno. */
int64_t dma_unmap_dirty(int container, uint64_t iova, uint64_t bytes, struct dirty_bitmap bitmap);

/* What the type1 ioctls do with structures the wrappers above would not build. */
int raw_ioctl(int fd, unsigned long cmd, void *arg);

struct iova_range {
	uint64_t first;
	uint64_t last;		/* inclusive */
};

/* One entry of the capability chain, as found. */
struct info_cap {
	uint16_t id;
	uint16_t version;
	uint32_t offset;
	uint32_t next;
};

struct type1_info {
	uint32_t argsz;		/* what the kernel needs for everything */
	uint32_t flags;
	uint32_t cap_offset;
	uint64_t pgsizes;
	int nr_caps;
	struct info_cap cap[8];
	bool has_migration;
	struct vfio_iommu_type1_info_cap_migration migration;
	bool has_avail;
	uint32_t avail;
	int nr_ranges;
	struct iova_range range[MAX_IOVA_RANGES];
};

/* GET_INFO with a buffer that is large enough; -EPROTO for a broken chain. */
int type1_get_info(int container, struct type1_info *info);

#endif
