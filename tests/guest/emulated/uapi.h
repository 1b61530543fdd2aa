/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test can make ng_emulated's devices do. The devices are called ng_emulated.0, ng_emulated.1 and so on, each in an
 * IOMMU group of its own, on the platform bus, before Linux 6.0 on the mdev bus. The ioctls are for a file of the device.
 */
#ifndef NG_EMULATED_UAPI_H
#define NG_EMULATED_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* vfio_pin_pages() and vfio_unpin_pages(). Pinning returns what the kernel did: the number of pages or -errno. */
struct ng_emulated_pages {
	__u64 iova;
	__s32 npages;
	__u32 prot;		/* 1 read, 2 write; pinning only */
};

#define NG_EMULATED_PIN		_IOW('N', 1, struct ng_emulated_pages)
#define NG_EMULATED_UNPIN	_IOW('N', 2, struct ng_emulated_pages)

/* vfio_dma_rw() */
struct ng_emulated_rw {
	__u64 iova;
	__u64 buffer;		/* of the caller */
	__u64 bytes;		/* at most 1 MiB */
	__u32 write;		/* to the IOVA, from the buffer */
	__u32 from_kthread;	/* called by a kernel thread, not by the caller */
};

#define NG_EMULATED_RW		_IOW('N', 3, struct ng_emulated_rw)

/* Reads or writes through the page that is pinned at an IOVA, as the device would. Within one page. */
#define NG_EMULATED_TOUCH	_IOW('N', 4, struct ng_emulated_rw)

/* What the driver does when it is told of unmapping, and when its device is closed. */
enum ng_emulated_manners {
	NG_EMULATED_GOOD,	/* lets go at once */
	NG_EMULATED_LATE,	/* lets go a little later, from a work item */
	NG_EMULATED_DEAF,	/* does not let go before its device is closed */
	NG_EMULATED_LEAKS,	/* nor then; see NG_EMULATED_MEND */
	NG_EMULATED_LISTENS,	/* lets go, and listens when its device is closed; before 6.0 */
	NG_EMULATED_BUSY,	/* lets go at once, but needs the first page again, the first NG_EMULATED_BUSY_TIMES times */
};

#define NG_EMULATED_BUSY_TIMES	30

#define NG_EMULATED_BEHAVE	_IO('N', 5)	/* the manners are the argument */

/* Unpins, behind the backend's back, what any device has leaked. Returns how many pages. */
#define NG_EMULATED_MEND	_IO('N', 6)

struct ng_emulated_told {
	__u64 times;		/* how often told since the device was opened */
	__u64 iova;		/* what, the last time */
	__u64 bytes;
	__u64 held;		/* pages it holds now, counting one that it pinned twice twice */
	__s64 unpinned;		/* what the last NG_EMULATED_UNPIN got from the kernel; -ENODATA since Linux 6.0 */
};

#define NG_EMULATED_TOLD	_IOR('N', 7, struct ng_emulated_told)

/* Asks to be told of events, whose bits are the argument. ENOTTY where there is nothing to choose: since Linux 6.0. */
#define NG_EMULATED_LISTEN	_IO('N', 8)

#endif
