/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this test module needs to know of a kernel beyond the probes of the tree's compat/.  A test module is
 * built for the kernels of tests/vm/matrix and nothing else, so releases serve here: no user's back-port is
 * concerned.
 */
#ifndef MOCK_SINCE_H
#define MOCK_SINCE_H

#include <linux/version.h>

#include <compat/generated/probes.h>

#define SINCE(major, minor)	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

/* "iommu: Pass old domain to set_dev_pasid/attach_dev", v6.19 */
#define MOCK_ATTACH_KNOWS_OLD	SINCE(6, 19)

/* Several IOMMU drivers side by side, and devices that name theirs by a firmware node: v6.2 */
#define MOCK_MANY_DRIVERS	SINCE(6, 2)

/* The core probes devices of a fixed list of buses instead of those whose driver asks: v6.0 */
#define MOCK_FIXED_BUSES	SINCE(6, 0)

/* Reserved regions take allocation flags and are freed by the core: v6.1 */
#define MOCK_RESV_GFP		SINCE(6, 1)

/* The core frees a domain's cookies: v5.15 */
#define MOCK_CORE_FREES_COOKIE	SINCE(5, 15)

/* The core frees a VFIO device itself: v6.2 */
#define MOCK_CORE_FREES_VFIO	SINCE(6, 2)

#endif
