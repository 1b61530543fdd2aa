/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO_IOMMU_DIRTY_PAGES, and checks of dirty bitmaps. */
#ifndef NG_DIRTY_IOCTL_H
#define NG_DIRTY_IOCTL_H

#include <linux/types.h>

struct ng_container;
struct vfio_bitmap;

long ng_dirty_pages(struct ng_container *ct, unsigned long arg);
int ng_check_bitmap(const struct vfio_bitmap *bitmap, u64 size);

#endif
