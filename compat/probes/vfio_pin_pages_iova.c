// SPDX-License-Identifier: GPL-2.0-only
/*
 * In-kernel users name a first IOVA and get struct pages since "vfio: Pass in starting IOVA to
 * vfio_pin/unpin_pages API", v6.0, October 2022.  Tells the two generations of the private ops apart, which
 * have the same size.
 */
#include <linux/vfio.h>

static int (*probe)(struct vfio_device *, dma_addr_t, int, int, struct page **) __used = vfio_pin_pages;
