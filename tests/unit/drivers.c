// SPDX-License-Identifier: GPL-2.0-only
/* Drivers are told apart by the names that kernels give their IOMMUs. */
#include "unit.h"

#include <string.h>
#include <iommu_emt/drivers.h>

static void names_as_kernels_give_them_are_recognized(void **state)
{
	static const struct {
		const char *class_device, *parent_driver;
		enum emt_driver driver;
	} seen[] = {
		{ "dmar0", NULL, EMT_DRIVER_INTEL },
		{ "dmar12", NULL, EMT_DRIVER_INTEL },
		{ "ivhd0", NULL, EMT_DRIVER_AMD },
		{ "ivhd1", "some-pci-driver", EMT_DRIVER_AMD },
		{ "smmu3.0x000000000c000000", "arm-smmu-v3", EMT_DRIVER_ARM_SMMU_V3 },
		{ "smmu.0x000000002b400000", "arm-smmu", EMT_DRIVER_ARM_SMMU },
		{ "1e20000.iommu", "qcom-iommu", EMT_DRIVER_QCOM },
		{ "0000:00:01.0", "virtio_iommu", EMT_DRIVER_VIRTIO },
		{ "apple-dart.681008000.iommu", "apple-dart", EMT_DRIVER_APPLE_DART },
		{ "e67b0000.mmu", "ipmmu-vmsa", EMT_DRIVER_IPMMU },
		{ "40d01000.mmu", "omap-iommu", EMT_DRIVER_OMAP },
		{ "s390-iommu.00000001", NULL, EMT_DRIVER_S390 },
		{ "63000000.iommu", "sprd-iommu", EMT_DRIVER_SPRD },
		{ "ff650800.iommu", "rk_iommu", EMT_DRIVER_ROCKCHIP },
		{ "riscv-iommu@0000:00:01.0", NULL, EMT_DRIVER_RISCV },
		{ "gart", "tegra-mc", EMT_DRIVER_TEGRA_GART },
		{ "70019000.memory-controller", "tegra-mc", EMT_DRIVER_TEGRA_SMMU },
		{ "11c80000.sysmmu", "exynos-sysmmu", EMT_DRIVER_EXYNOS },
		{ "msm-smmu.0x07500000", "msm_iommu", EMT_DRIVER_MSM },
		{ "mtk-iommu.0x0000000010205000", "mtk-iommu", EMT_DRIVER_MTK },
		{ "10205000.mmsys_iommu", "mtk-iommu-v1", EMT_DRIVER_MTK_V1 },
		{ "30f0000.iommu", "sun50i-iommu", EMT_DRIVER_SUN50I },
		{ "iommu0", NULL, EMT_DRIVER_FSL_PAMU },
		{ "fdca0000.iommu", "vsi_iommu", EMT_DRIVER_VSI },
		{ "iommufd_selftest_iommu.0", NULL, EMT_DRIVER_UNKNOWN },
		{ "fdca0000.iommu", "not_yet_written", EMT_DRIVER_UNKNOWN },
		{ "fdca0000.iommu", NULL, EMT_DRIVER_UNKNOWN },
		{ "", NULL, EMT_DRIVER_UNKNOWN },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_string_equal(emt_drivers[emt_driver_from_names(seen[i].class_device, seen[i].parent_driver)].name,
				    emt_drivers[seen[i].driver].name);
}

/* What a test that poses as a driver relies on. */
static void every_mark_leads_to_its_driver(void **state)
{
	enum emt_driver driver;

	(void)state;
	for (driver = EMT_DRIVER_UNKNOWN + 1; driver < EMT_DRIVER_COUNT; driver++) {
		const struct emt_driver_info *info = &emt_drivers[driver];

		if (info->class_prefix)
			assert_int_equal(emt_driver_from_names(info->class_prefix, NULL), driver);
		if (info->parent_driver)
			assert_int_equal(emt_driver_from_names("fdca0000.iommu", info->parent_driver), driver);
		if (!info->class_prefix && !info->parent_driver)
			assert_int_equal(driver, EMT_DRIVER_HYPERV);
	}
}

static void names_are_short_and_different(void **state)
{
	enum emt_driver a, b;

	(void)state;
	for (a = EMT_DRIVER_UNKNOWN; a < EMT_DRIVER_COUNT; a++) {
		assert_non_null(emt_drivers[a].name);
		assert_true(strlen(emt_drivers[a].name) < EMT_DRIVER_NAME_LEN);
		for (b = EMT_DRIVER_UNKNOWN; b < a; b++)
			assert_string_not_equal(emt_drivers[a].name, emt_drivers[b].name);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(names_as_kernels_give_them_are_recognized),
	cmocka_unit_test(every_mark_leads_to_its_driver),
	cmocka_unit_test(names_are_short_and_different),
};

RUN(tests)
