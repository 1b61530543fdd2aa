/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Count calls of kernel functions with kprobe events.
 *
 * What is one operation has several names over the kernels (5.10 .. 7.3);
 * a counter is the sum over those that this kernel has. Calls that ng_fault.ko
 * skips are not counted: its probe is newer and runs first.
 */
#ifndef NG_COUNTERS_H
#define NG_COUNTERS_H

enum counter {
	COUNT_ALLOC,		/* domain allocations through the IOMMU API */
	COUNT_FREE,
	COUNT_ATTACH,		/* iommu_attach_group() */
	COUNT_DETACH,		/* iommu_detach_group() */
	COUNT_MAP,
	COUNT_DRIVER_ATTACH,	/* the IOMMU driver's own attach */
	COUNT_CONTEXT_FLUSH,
	COUNT_IOTLB_FLUSH,
	COUNT_QI_SUBMIT,	/* invalidation commands waited for */
	NR_COUNTERS
};

struct counts {
	unsigned long long n[NR_COUNTERS];
};

/* Place the probes. Returns 0, or -errno when the kernel has no kprobe events; see guest_lacks(), and all counts are zero then. */
int counters_start(void);
void counters_stop(void);

void counters_read(struct counts *counts);

/* Calls of one kind since an earlier reading. */
unsigned long long counters_since(const struct counts *then, enum counter which);

/* Pages pinned and unpinned by the kernel since boot, per-CPU deltas folded in. */
struct pin_counts {
	long long acquired;
	long long released;
};

void pin_counts_read(struct pin_counts *pins);

/* Locked memory of this process, in pages. */
long long locked_pages(void);

#endif
