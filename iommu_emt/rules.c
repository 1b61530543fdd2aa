// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which errnos of which drivers mean "incompatible". One row per meaning,
 * EMT_UNASKED rows first. docs/attach-errors.md is generated from this table.
 *
 * No rows for errnos that never mean incompatibility (-ENOMEM; see judge.c),
 * that come only with a kernel warning, or that concern non-paging domains.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "judge.h"

#define ANY		EMT_DRIVER_UNKNOWN
#define INTEL		EMT_DRIVER_INTEL
#define AMD		EMT_DRIVER_AMD
#define V3		EMT_DRIVER_ARM_SMMU_V3
#define SMMU		EMT_DRIVER_ARM_SMMU
#define QCOM		EMT_DRIVER_QCOM
#define VIRTIO		EMT_DRIVER_VIRTIO
#define DART		EMT_DRIVER_APPLE_DART
#define IPMMU		EMT_DRIVER_IPMMU
#define OMAP		EMT_DRIVER_OMAP
#define S390		EMT_DRIVER_S390
#define SPRD		EMT_DRIVER_SPRD
#define ROCKCHIP	EMT_DRIVER_ROCKCHIP
#define RISCV		EMT_DRIVER_RISCV
#define GART		EMT_DRIVER_TEGRA_GART
#define TEGRA		EMT_DRIVER_TEGRA_SMMU
#define EXYNOS		EMT_DRIVER_EXYNOS
#define MSM		EMT_DRIVER_MSM
#define MTK		EMT_DRIVER_MTK
#define MTK_V1		EMT_DRIVER_MTK_V1
#define SUN50I		EMT_DRIVER_SUN50I
#define PAMU		EMT_DRIVER_FSL_PAMU

#define OLD		(EMT_5_10 | EMT_6_1)
#define NEW		(EMT_6_12 | EMT_7_3)
#define ALL		(OLD | NEW)

#define NO		EMT_EVIDENCE_NONE
#define FOREIGN		EMT_FOREIGN_DOMAIN
#define DIRTY		EMT_DIRTY_TRACKING_DIFFERS
#define UNUSED		EMT_DOMAIN_UNUSED
#define USED		EMT_DOMAIN_USED
#define HAS_GROUPS	EMT_DOMAIN_HAS_GROUPS
#define SAME		EMT_SAME_INSTANCE
#define OTHER		EMT_OTHER_INSTANCE

#define UNASKED		EMT_UNASKED
#define SOFT		EMT_INCOMPATIBLE
#define HARD		EMT_HARD

const struct emt_rule emt_rules[] = {
	/* Before v6.8 the driver takes a foreign domain for one of its own. */
	{ ANY, ALL, UNASKED, FOREIGN, SOFT, "iommu_attach_group",
	  "domain belongs to another driver, or (s390 in 7.3) to other operations of the same one" },
	/* intel checks this only after it has detached the device. */
	{ ANY, NEW, UNASKED, DIRTY, SOFT, "attach_dev of amd and intel",
	  "domain tracks dirty pages, the IOMMU cannot" },
	/* Before v6.2 both log it, and arm-smmu-v3 has detached the device. */
	{ V3, ALL, UNASKED, OTHER, SOFT, "arm_smmu_attach_dev", "a domain belongs to one SMMU" },
	{ SMMU, ALL, UNASKED, OTHER, SOFT, "arm_smmu_attach_dev", "a domain belongs to one SMMU" },
	/* attach_dev() succeeds, but this domain does not translate. */
	{ QCOM, ALL, UNASKED, USED, SOFT, "qcom_iommu_init_domain",
	  "a domain serves its first group: to a second behind the same IOMMU the driver answers 0 and programs nothing, behind another -EINVAL" },
	{ VIRTIO, ALL, UNASKED, OTHER, SOFT, "viommu_attach_dev", "a domain belongs to one vIOMMU" },
	{ IPMMU, ALL, UNASKED, OTHER, SOFT, "ipmmu_attach_device", "a domain belongs to one IPMMU" },
	{ OMAP, ALL, UNASKED, HAS_GROUPS, SOFT, "omap_iommu_attach_dev", "a domain serves one device" },
	/* Accepted since about v6.2, but only the first IOMMU is flushed. */
	{ SPRD, EMT_6_1 | NEW, UNASKED, OTHER, SOFT, "sprd_iommu_attach_device, sprd_iommu_sync_map",
	  "a domain is kept up to date for one IOMMU" },
	/* attach_dev() succeeds, but the kernel's own domain translates. */
	{ MTK_V1, ALL, UNASKED, NO, HARD, "mtk_iommu_v1_attach_device, in 5.10 mtk_iommu_attach_device",
	  "driver answers 0 without attaching to any domain that it has not made itself" },

	{ INTEL, EMT_6_1, EOPNOTSUPP, NO, SOFT, "prepare_domain_attach_device",
	  "domain forces snooping, the unit has no snoop control" },
	{ INTEL, OLD, EFAULT, NO, SOFT, "prepare_domain_attach_device",
	  "an address beyond the unit's width was mapped in the domain" },
	{ INTEL, NEW, EINVAL, NO, SOFT, "prepare_domain_attach_device, in 7.3 paging_domain_compatible",
	  "unit lacks what the domain needs: snoop control, width, table format, page size" },
	{ INTEL, EMT_6_1, EINVAL, NO, HARD, "domain_setup_first_level, intel_pasid_setup_*",
	  "unit supports no page-table level that the driver can build" },
	{ INTEL, ALL, EBUSY, NO, HARD, "dmar_insert_one_dev_info, domain_attach_iommu, __iommu_attach_group",
	  "device's table entry is in use, or the group is attached elsewhere" },
	{ INTEL, OLD, EPERM, NO, HARD, "intel_iommu_attach_device",
	  "firmware pins the device to fixed addresses (RMRR)" },
	{ INTEL, ALL, ENODEV, NO, HARD, "prepare_domain_attach_device, intel_pasid_setup_*",
	  "no remapping unit covers the device, or it has no PASID table" },
	{ INTEL, EMT_6_1 | NEW, ENOSPC, NO, HARD, "domain_attach_iommu", "unit is out of domain ids" },

	/* Before v6.2 only domains of KFD can be incompatible. */
	{ AMD, OLD, EINVAL, NO, HARD, "amd_iommu_attach_device",
	  "device is out of the IOMMU's scope, or ATS, PRI or PASID failed to start" },
	/* Dirty tracking aside. The host table format needs no GCR3 table. */
	{ AMD, NEW, EINVAL, NO, SOFT, "amd_iommu_attach_device, setup_gcr3_table",
	  "domain is in the guest table format, and the device needs more GCR3 levels than the IOMMU has" },
	{ AMD, ALL, EBUSY, NO, HARD, "attach_device, __iommu_attach_group",
	  "device still has a domain, or the group is attached elsewhere" },
	{ AMD, NEW, ENOSPC, NO, HARD, "pdom_attach_iommu, setup_gcr3_table",
	  "IOMMU is out of domain ids" },

	{ V3, OLD, ENXIO, NO, SOFT, "arm_smmu_attach_dev", "domain belongs to another SMMU" },
	{ V3, OLD, EINVAL, NO, SOFT, "arm_smmu_attach_dev",
	  "domain was made for another SSID width, or (6.1) another stall mode" },
	{ V3, NEW, EINVAL, NO, SOFT, "arm_smmu_attach_dev, in 7.3 also arm_smmu_attach_prepare",
	  "domain belongs to another SMMU, or it enforces coherency and the device cannot" },
	{ V3, OLD, EBUSY, NO, HARD, "arm_smmu_attach_dev, arm_smmu_domain_finalise_s1",
	  "device is bound to a process (SVA), or the SMMU is out of ASIDs" },
	{ V3, NEW, EBUSY, NO, SOFT, "arm_smmu_attach_dev",
	  "device uses PASIDs, which a stage 1 domain allows and this stage 2 domain does not" },
	{ V3, ALL, ENOENT, NO, HARD, "arm_smmu_attach_dev", "firmware does not tell the device's stream" },
	{ V3, OLD | EMT_6_12, ENOSPC, NO, HARD, "arm_smmu_domain_finalise_s2", "SMMU is out of VMIDs" },
	{ V3, EMT_7_3, EOPNOTSUPP, NO, HARD, "arm_smmu_enable_iopf", "device cannot report I/O page faults" },

	{ SMMU, ALL, EINVAL, UNUSED, HARD, "arm_smmu_init_domain_context",
	  "SMMU has no context format for the domain that it is to set up now" },
	{ SMMU, ALL, EINVAL, NO, SOFT, "arm_smmu_attach_dev", "domain belongs to another SMMU" },
	{ SMMU, OLD, ENXIO, NO, HARD, "arm_smmu_attach_dev", "device is not behind an SMMU of this driver" },
	{ SMMU, ALL, ENODEV, NO, HARD, "arm_smmu_attach_dev", "driver has not seen the device yet" },
	{ SMMU, ALL, ENOSPC, NO, HARD, "__arm_smmu_alloc_bitmap", "SMMU is out of context banks" },

	{ QCOM, ALL, EINVAL, UNUSED, HARD, "qcom_iommu_init_domain", "secure firmware does not restore the context" },
	{ QCOM, ALL, ENXIO, NO, HARD, "qcom_iommu_attach_dev", "device is not behind an IOMMU of this driver" },

	{ VIRTIO, OLD, EXDEV, NO, SOFT, "viommu_attach_dev", "domain belongs to another vIOMMU" },
	{ VIRTIO, OLD, EINVAL, NO, HARD, "viommu_domain_finalise, viommu_get_req_errno",
	  "vIOMMU's smallest page exceeds the CPU's, or it calls the request invalid" },
	{ VIRTIO, NEW, EINVAL, SAME, HARD, "viommu_get_req_errno", "vIOMMU calls the request invalid" },
	{ VIRTIO, EMT_6_12, EINVAL, UNUSED, HARD, "viommu_get_req_errno", "vIOMMU calls the request invalid" },
	{ VIRTIO, NEW, EINVAL, NO, SOFT, "viommu_attach_dev", "domain belongs to another vIOMMU" },
	/* virtio: the device cannot add this endpoint to the domain. */
	{ VIRTIO, ALL, ENOSYS, NO, SOFT, "viommu_get_req_errno", "vIOMMU cannot put the endpoint beside those in the domain" },
	{ VIRTIO, EMT_6_1, EOPNOTSUPP, NO, HARD, "viommu_domain_finalise", "identity mapping could not be emulated" },
	{ VIRTIO, ALL, ENOENT, NO, HARD, "viommu_get_req_errno", "vIOMMU does not know the endpoint" },
	{ VIRTIO, ALL, ERANGE, NO, HARD, "viommu_get_req_errno", "vIOMMU does not take that many domains" },
	{ VIRTIO, ALL, EFAULT, NO, HARD, "viommu_get_req_errno", "vIOMMU reports a fault in the request" },
	{ VIRTIO, ALL, EIO, NO, HARD, "viommu_get_req_errno", "vIOMMU reports a failure in the request" },
	{ VIRTIO, OLD | EMT_6_12, ENOSPC, NO, HARD, "viommu_domain_finalise", "vIOMMU is out of domain ids" },
	{ VIRTIO, EMT_6_12, ENODEV, NO, HARD, "viommu_domain_finalise", "vIOMMU's smallest page exceeds the CPU's" },
	{ VIRTIO, ALL, EBUSY, NO, HARD, "__iommu_attach_group", "group is attached elsewhere" },

	{ DART, EMT_6_1, EINVAL, NO, SOFT, "apple_dart_attach_dev, apple_dart_mod_streams",
	  "device's DART only passes DMA through, or the domain belongs to other DARTs" },
	{ DART, NEW, EINVAL, UNUSED, HARD, "apple_dart_finalize_domain", "DART's page exceeds the CPU's" },
	{ DART, NEW, EINVAL, NO, SOFT, "apple_dart_mod_streams", "domain belongs to other DARTs" },

	{ IPMMU, ALL, EINVAL, UNUSED, HARD, "ipmmu_domain_init_context", "page table could not be allocated" },
	{ IPMMU, ALL, EINVAL, NO, SOFT, "ipmmu_attach_device",
	  "domain belongs to another IPMMU, or an earlier attach left an aperture and failed" },
	{ IPMMU, ALL, EBUSY, NO, HARD, "ipmmu_domain_init_context", "IPMMU is out of contexts" },
	{ IPMMU, ALL, ENXIO, NO, HARD, "ipmmu_attach_device", "device is not behind an IPMMU" },

	/* If it is from the core, a fresh domain fails with it as well. */
	{ OMAP, OLD, EBUSY, NO, SOFT, "omap_iommu_attach_dev", "domain has its one device already" },
	{ OMAP, OLD, EINVAL, NO, HARD, "omap_iommu_attach_dev, omap_iommu_attach_init", "device has no IOMMU" },
	{ OMAP, NEW, EINVAL, NO, SOFT, "omap_iommu_attach_dev", "domain has its one device already" },
	{ OMAP, NEW, ENODEV, NO, HARD, "omap_iommu_attach_dev, omap_iommu_attach_init", "device has no IOMMU" },

	{ S390, OLD, EINVAL, NO, SOFT, "s390_iommu_attach_device", "DMA range is not that of the domain's first device" },
	{ S390, NEW, EINVAL, NO, SOFT, "s390_iommu_attach_device", "DMA range does not overlap the domain's" },
	{ S390, ALL, ENODEV, NO, HARD, "s390_iommu_attach_device", "not a PCI function that the driver knows" },
	{ S390, EMT_6_1 | NEW, EIO, NO, HARD, "s390_iommu_attach_device", "firmware does not take the table" },

	{ SPRD, EMT_6_1, EINVAL, NO, SOFT, "sprd_iommu_attach_device", "domain has its one device already" },

	{ ROCKCHIP, EMT_7_3, EINVAL, NO, SOFT, "rk_iommu_attach_device",
	  "domain is in the table format of another IOMMU version (7.3, not 7.2)" },
	{ ROCKCHIP, ALL, EFAULT, NO, HARD, "rk_iommu_force_reset", "IOMMU does not come out of its reset" },

	{ RISCV, EMT_7_3, ENODEV, NO, SOFT, "riscv_iommu_attach_paging_domain",
	  "IOMMU lacks the domain's paging mode" },

	{ GART, OLD, EBUSY, NO, SOFT, "gart_iommu_attach_dev", "another domain is active" },

	{ TEGRA, ALL, ENODEV, NO, HARD, "tegra_smmu_attach_dev", "device is not behind the SMMU" },
	{ TEGRA, EMT_6_1 | NEW, ENOENT, NO, HARD, "tegra_smmu_attach_dev", "firmware does not tell the device's swgroup" },
	{ TEGRA, ALL, ENOSPC, NO, HARD, "tegra_smmu_alloc_asid", "SMMU is out of ASIDs" },

	{ EXYNOS, OLD, ENODEV, NO, HARD, "exynos_iommu_attach_device", "device has no SysMMU" },

	{ MSM, ALL, EEXIST, NO, HARD, "msm_iommu_attach_dev", "device's context is still programmed" },
	{ MSM, ALL, ENODEV, NO, HARD, "msm_iommu_attach_dev", "device is not behind the IOMMU" },

	{ MTK, OLD, ENODEV, NO, HARD, "mtk_iommu_attach_device", "device is not ready, or its table could not be set up" },
	{ MTK, EMT_6_1 | NEW, EINVAL, NO, HARD, "mtk_iommu_get_iova_region_id", "no IOVA region holds the device's DMA range" },

	{ SUN50I, ALL, ENODEV, NO, HARD, "sun50i_iommu_attach_device", "device is not behind the IOMMU" },

	{ PAMU, ALL, EINVAL, NO, HARD, "fsl_pamu_attach_device, pamu_enable_liodn",
	  "device has no usable logical I/O device number" },
	{ PAMU, NEW, ENODEV, NO, HARD, "fsl_pamu_attach_device", "device has no usable logical I/O device number" },

	/* Documented at struct iommu_domain_ops; for what has no other row. */
	{ ANY, NEW, EINVAL, NO, SOFT, "attach_dev", "documented since 6.2: domain and device are incompatible" },
};

const unsigned int emt_nr_rules = ARRAY_SIZE(emt_rules);

/* Summary of the EMT_UNASKED rows, to skip them; a unit test compares. */
const unsigned int emt_unasked_drivers = BIT(V3) | BIT(SMMU) | BIT(QCOM) | BIT(VIRTIO) | BIT(IPMMU) | BIT(OMAP) | BIT(SPRD) |
					 BIT(MTK_V1);
const unsigned int emt_unasked_evidence = FOREIGN | DIRTY;
