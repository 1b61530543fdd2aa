/* SPDX-License-Identifier: GPL-2.0-only */
/* What the benchmark asks of ng_floor.ko. */
#ifndef NG_FLOOR_H
#define NG_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define NG_FLOOR_WRITE	(1u << 0)	/* devices may write to the memory */

/**
 * struct ng_floor_request - a range of the caller's memory
 * @vaddr: first address, page aligned
 * @bytes: length
 * @iova: where the device sees it
 * @flags: NG_FLOOR_*
 */
struct ng_floor_request {
	__u64 vaddr;
	__u64 bytes;
	__u64 iova;
	__u32 flags;
	__u32 reserved;
};

/* Make room to remember this many bytes of memory; once for each open file, before the others. */
#define NG_FLOOR_RESERVE	_IOW('F', 1, __u64)
/* Pin and map. */
#define NG_FLOOR_MAP		_IOW('F', 2, struct ng_floor_request)
/* Unmap and unpin what the earliest NG_FLOOR_MAP still in force mapped; the request has to be the same. */
#define NG_FLOOR_UNMAP		_IOW('F', 3, struct ng_floor_request)

#endif
