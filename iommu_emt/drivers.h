/* SPDX-License-Identifier: GPL-2.0-only */
/* The IOMMU drivers that the rules know. No kernel calls: unit tests use it. */
#ifndef EMT_DRIVERS_H
#define EMT_DRIVERS_H

enum emt_driver {
	EMT_DRIVER_UNKNOWN,
	EMT_DRIVER_INTEL,
	EMT_DRIVER_AMD,
	EMT_DRIVER_ARM_SMMU_V3,
	EMT_DRIVER_ARM_SMMU,
	EMT_DRIVER_QCOM,
	EMT_DRIVER_VIRTIO,
	EMT_DRIVER_APPLE_DART,
	EMT_DRIVER_IPMMU,
	EMT_DRIVER_OMAP,
	EMT_DRIVER_S390,
	EMT_DRIVER_SPRD,
	EMT_DRIVER_ROCKCHIP,
	EMT_DRIVER_RISCV,
	EMT_DRIVER_TEGRA_GART,
	EMT_DRIVER_TEGRA_SMMU,
	EMT_DRIVER_EXYNOS,
	EMT_DRIVER_MSM,
	EMT_DRIVER_MTK,
	EMT_DRIVER_MTK_V1,
	EMT_DRIVER_SUN50I,
	EMT_DRIVER_FSL_PAMU,
	EMT_DRIVER_VSI,
	EMT_DRIVER_HYPERV,
	EMT_DRIVER_COUNT
};

/**
 * struct emt_driver_info - name and marks of an IOMMU driver
 * @name: letters, digits and hyphens, shorter than EMT_DRIVER_NAME_LEN
 * @class_prefix: start of its device names in /sys/class/iommu, or NULL
 * @parent_driver: device driver of the class device's parent, or NULL
 * @never_incompatible: why none of its errnos means incompatible, or NULL
 */
struct emt_driver_info {
	const char *name;
	const char *class_prefix;
	const char *parent_driver;
	const char *never_incompatible;
};

#define EMT_DRIVER_NAME_LEN 16

extern const struct emt_driver_info emt_drivers[EMT_DRIVER_COUNT];

enum emt_driver emt_driver_from_names(const char *class_device, const char *parent_driver);

#endif
