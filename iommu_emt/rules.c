// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule table: which errno of which driver means "incompatible" on which kernels.
 *
 * One row a meaning; see struct emt_rule.  Reasons name the condition in the driver, read in v5.10, v6.1, v6.12
 * and v7.3.  An errno without a row falls to the general rules in judge.c.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "judge.h"

#define INTEL	EMT_DRIVER_INTEL
#define AMD	EMT_DRIVER_AMD
#define VIRTIO	EMT_DRIVER_VIRTIO
#define ANY	EMT_DRIVER_UNKNOWN

#define OLD	EMT_GEN_UNDOCUMENTED
#define NEW	EMT_GEN_DOCUMENTED
#define BOTH	EMT_GEN_ANY

#define NO	EMT_EVIDENCE_NONE

const struct emt_rule emt_rules[] = {
	{ INTEL, OLD, EOPNOTSUPP, NO, EMT_INCOMPATIBLE, "domain forces snooping, the unit has no snoop control" },
	{ INTEL, OLD, EFAULT, NO, EMT_INCOMPATIBLE, "domain maps an address beyond the unit's width" },
	{ INTEL, OLD, EINVAL, NO, EMT_HARD, "unit supports no page-table level that the driver can build" },
	{ INTEL, BOTH, EBUSY, NO, EMT_HARD, "group is attached elsewhere, or the device's table entry is in use" },
	{ INTEL, BOTH, EPERM, NO, EMT_HARD, "firmware pins the device to fixed addresses (RMRR)" },
	{ INTEL, BOTH, ENODEV, NO, EMT_HARD, "no remapping unit covers the device" },
	{ INTEL, BOTH, ENOSPC, NO, EMT_HARD, "unit is out of domain ids" },

	/* Before v6.2 only KFD's page-table mode can be incompatible, and no domain of ours has it. */
	{ AMD, OLD, EINVAL, NO, EMT_HARD, "device is out of the IOMMU's scope, or ATS, PRI or PASID failed to start" },
	{ AMD, NEW, EINVAL, EMT_DIRTY_TRACKING_DIFFERS, EMT_INCOMPATIBLE, "domain tracks dirty pages, the IOMMU cannot" },
	{ AMD, NEW, EINVAL, NO, EMT_HARD, "guest page table has more levels than the driver can build" },
	{ AMD, BOTH, EBUSY, NO, EMT_HARD, "group is attached elsewhere, or the device still has a domain" },
	{ AMD, BOTH, ENOSPC, NO, EMT_HARD, "IOMMU is out of domain ids" },

	{ VIRTIO, OLD, EXDEV, NO, EMT_INCOMPATIBLE, "domain belongs to another vIOMMU" },
	{ VIRTIO, OLD, EINVAL, NO, EMT_HARD, "vIOMMU's smallest page exceeds the CPU's, or the device refused" },
	{ VIRTIO, OLD, EOPNOTSUPP, NO, EMT_HARD, "identity mapping could not be emulated" },
	{ VIRTIO, BOTH, EBUSY, NO, EMT_HARD, "group is attached elsewhere" },
	{ VIRTIO, BOTH, EFAULT, NO, EMT_HARD, "vIOMMU reports a fault in the request" },
	{ VIRTIO, BOTH, EIO, NO, EMT_HARD, "vIOMMU reports a failure in the request" },
	{ VIRTIO, BOTH, ENOSPC, NO, EMT_HARD, "vIOMMU is out of domain ids" },

	{ ANY, NEW, EINVAL, NO, EMT_INCOMPATIBLE, "documented since v6.2: domain and device are incompatible" },
};

const unsigned int emt_nr_rules = ARRAY_SIZE(emt_rules);
