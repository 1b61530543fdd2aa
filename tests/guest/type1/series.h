/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a backend has of the 2022 series, as far as tests of attaching depend on it.
 *
 * Stock kernels have none of it and vfio_type1_ng has all of it.  A distribution may have brought it to its own
 * vfio_iommu_type1; which parts, no version tells, so there the backend is tried out.
 */
#ifndef NG_SERIES_H
#define NG_SERIES_H

#include <stdbool.h>

struct series {
	bool reuses_first;	/* a group is offered to the domains that exist before a new one is made */
	bool reports_errors;	/* a hard error while a group joins a domain reaches user space */
	/*
	 * A (positive) errno of iommu_attach_group() that no driver uses or that the series defined, and that makes this
	 * backend go on to another domain.
	 */
	int incompatible;
};

extern const struct series series_of_stock, series_of_ours;

/*
 * Try out the loaded backend, in a process of its own.  Needs two devices, the call counters and ng_fault.ko; without
 * them the backend counts as stock.
 */
struct series series_observe(void);

#endif
