// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU drivers by their marks, as read in v5.10, v6.1, v6.12, v7.2 and v7.3.
 * Callback symbols are no marks: arm-smmu and arm-smmu-v3 share them and use
 * -ENXIO differently.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "drivers.h"

const struct emt_driver_info emt_drivers[EMT_DRIVER_COUNT] = {
	[EMT_DRIVER_UNKNOWN]	 = { .name = "unknown" },
	[EMT_DRIVER_INTEL]	 = { .name = "intel", .class_prefix = "dmar" },
	[EMT_DRIVER_AMD]	 = { .name = "amd", .class_prefix = "ivhd" },
	[EMT_DRIVER_ARM_SMMU_V3] = { .name = "arm-smmu-v3", .class_prefix = "smmu3.", .parent_driver = "arm-smmu-v3" },
	[EMT_DRIVER_ARM_SMMU]	 = { .name = "arm-smmu", .class_prefix = "smmu.", .parent_driver = "arm-smmu" },
	[EMT_DRIVER_QCOM]	 = { .name = "qcom", .parent_driver = "qcom-iommu" },
	[EMT_DRIVER_VIRTIO]	 = { .name = "virtio", .parent_driver = "virtio_iommu" },
	[EMT_DRIVER_APPLE_DART]	 = { .name = "apple-dart", .class_prefix = "apple-dart.", .parent_driver = "apple-dart" },
	[EMT_DRIVER_IPMMU]	 = { .name = "ipmmu-vmsa", .parent_driver = "ipmmu-vmsa" },
	[EMT_DRIVER_OMAP]	 = { .name = "omap", .parent_driver = "omap-iommu" },
	[EMT_DRIVER_S390]	 = { .name = "s390", .class_prefix = "s390-iommu." },
	[EMT_DRIVER_SPRD]	 = { .name = "sprd", .parent_driver = "sprd-iommu" },
	[EMT_DRIVER_ROCKCHIP]	 = { .name = "rockchip", .parent_driver = "rk_iommu" },
	[EMT_DRIVER_RISCV]	 = { .name = "riscv", .class_prefix = "riscv-iommu@" },
	[EMT_DRIVER_TEGRA_GART]	 = { .name = "tegra-gart", .class_prefix = "gart" },
	[EMT_DRIVER_TEGRA_SMMU]	 = {
		.name = "tegra-smmu", .parent_driver = "tegra-mc",
		.never_incompatible = "a system has one, and it programs any domain's table for any device",
	},
	[EMT_DRIVER_EXYNOS]	 = {
		.name = "exynos", .parent_driver = "exynos-sysmmu",
		.never_incompatible = "all SysMMUs take the same table, and a domain keeps a list of them",
	},
	[EMT_DRIVER_MSM]	 = {
		.name = "msm", .parent_driver = "msm_iommu",
		.never_incompatible = "a domain keeps a list of the IOMMUs that use it",
	},
	[EMT_DRIVER_MTK]	 = {
		.name = "mtk", .parent_driver = "mtk-iommu",
		.never_incompatible = "domains share one table by design, so nothing is compared",
	},
	[EMT_DRIVER_MTK_V1]	 = {
		.name = "mtk-v1", .parent_driver = "mtk-iommu-v1",
		.never_incompatible = "it takes only a domain of its own making, and answers 0 to any other without attaching it",
	},
	[EMT_DRIVER_SUN50I]	 = {
		.name = "sun50i", .parent_driver = "sun50i-iommu",
		.never_incompatible = "a system has one; it answers 0 even if the hardware could not be set up, which cannot be seen from outside",
	},
	[EMT_DRIVER_FSL_PAMU]	 = {
		.name = "fsl-pamu", .class_prefix = "iommu0",
		.never_incompatible = "a domain has no table that a device could be unfit for",
	},
	[EMT_DRIVER_VSI]	 = {
		.name = "vsi", .parent_driver = "vsi_iommu",
		.never_incompatible = "a domain keeps a list of the IOMMUs that use it; only powering one up can fail",
	},
	[EMT_DRIVER_HYPERV]	 = {
		.name = "hyperv",
		.never_incompatible = "it remaps interrupts and translates no DMA, so nothing is ever attached to it",
	},
};

static bool starts_with(const char *name, const char *prefix)
{
	return prefix && !strncmp(name, prefix, strlen(prefix));
}

/* Class names first: tegra-gart and tegra-smmu have the same parent driver. */
enum emt_driver emt_driver_from_names(const char *class_device, const char *parent_driver)
{
	enum emt_driver driver;

	for (driver = EMT_DRIVER_UNKNOWN + 1; driver < EMT_DRIVER_COUNT; driver++)
		if (starts_with(class_device, emt_drivers[driver].class_prefix))
			return driver;
	for (driver = EMT_DRIVER_UNKNOWN + 1; parent_driver && driver < EMT_DRIVER_COUNT; driver++)
		if (emt_drivers[driver].parent_driver && !strcmp(parent_driver, emt_drivers[driver].parent_driver))
			return driver;
	return EMT_DRIVER_UNKNOWN;
}
