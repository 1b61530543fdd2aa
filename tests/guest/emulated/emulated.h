/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ng_emulated: VFIO devices that have no IOMMU and no hardware.
 *
 * device.c is what such a driver does, core.c how each kernel's VFIO core wants to hear it.
 */
#ifndef NG_EMULATED_H
#define NG_EMULATED_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <compat/generated/probes.h>

#include "uapi.h"

/* As much as one call may pin, which is a page full of frame numbers, and one more, which the core refuses. */
#define EMULATED_MAX_PAGES	((int)(PAGE_SIZE / sizeof(unsigned long)) + 1)

/**
 * struct emulated - a device
 * @vdev: the core's part
 * @user_pfns: for the core: the pages that a call is about
 * @dev: the device
 * @nb: how it is told of unmapping
 * @lock: guards the rest; held while pages are pinned, as a real driver does, so that it never is told of a page that it
 *	does not know it has
 * @held: struct held by page number
 * @nr_held: pages held, with their counts
 * @manners: see uapi.h
 * @told: what it was told
 * @late: lets go a little later
 */
struct emulated {
#ifndef HAVE_VFIO_ADD_GROUP_DEV
	struct vfio_device vdev;
#endif
#ifdef HAVE_VFIO_DRIVER_OPS_PUBLIC
	unsigned long user_pfns[EMULATED_MAX_PAGES];
#endif
	struct device *dev;
	struct notifier_block nb;
	struct mutex lock;
	struct xarray held;
	u64 nr_held;
	enum ng_emulated_manners manners;
	struct ng_emulated_told told;
	struct work_struct late;
};

/* device.c */
void emulated_init(struct emulated *emulated, struct device *dev);
void emulated_opened(struct emulated *emulated);
void emulated_closed(struct emulated *emulated);
void emulated_told(struct emulated *emulated, u64 iova, u64 bytes);
long emulated_ioctl(struct emulated *emulated, unsigned int cmd, unsigned long arg);
unsigned int emulated_mend(void);

/* core.c: as the newest kernel has them, but for struct page, which are frames here. */
int core_pin(struct emulated *emulated, u64 iova, int npages, int prot, unsigned long *frames);
int core_unpin(struct emulated *emulated, u64 iova, int npages);
int core_rw(struct emulated *emulated, u64 iova, void *buf, size_t bytes, bool write);

/* Ask once more to be told of these events, and no longer if that is granted; -ENOTTY where events have no numbers. */
int core_listen(struct emulated *emulated, unsigned long events);

int emulated_mmap(struct vm_area_struct *vma);

#endif
