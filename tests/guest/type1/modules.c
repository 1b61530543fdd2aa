// SPDX-License-Identifier: GPL-2.0-only
/* The backend as a kernel module: parameters, use count, unload and load. */
#include <string.h>
#include <unistd.h>

#include "test.h"

static void expect_param(const char *name, const char *value)
{
	char text[32];

	EQ(module_param_mode(env.module, name), 0644);
	OK(module_param_get(env.module, name, text, sizeof(text)));
	TRUE(!strcmp(text, value));
}

/* modprobe knows stock by its own name; ours takes that name over by an alias. */
static void load_again(void)
{
	OK(module_modprobe("vfio_iommu_type1"));
	TRUE(module_loaded(env.module));
	TRUE(!module_loaded(env.backend == NG ? "vfio_iommu_type1" : "vfio_type1_ng"));
}

TEST(parameters_have_the_names_modes_and_defaults_of_stock)
{
	OK(module_unload(env.module));
	load_again();
	expect_param("allow_unsafe_interrupts", "N");
	expect_param("disable_hugepages", "N");
	expect_param("dma_entry_limit", "65535");
}

TEST(parameters_refuse_nonsense)
{
	FAILS(EINVAL, module_param_set(env.module, "dma_entry_limit", "many"));
	FAILS(ERANGE, module_param_set(env.module, "dma_entry_limit", "4294967296"));
	FAILS(EINVAL, module_param_set(env.module, "disable_hugepages", "perhaps"));
	FAILS(EINVAL, module_param_set(env.module, "allow_unsafe_interrupts", "2"));
}

TEST(idle_module_can_be_unloaded_and_loaded_again)
{
	struct container ct;
	int i;

	for (i = 0; i < 3; i++) {
		OK(module_unload(env.module));
		TRUE(!module_loaded(env.module));
		load_again();
		OK(module_param_set(env.module, "allow_unsafe_interrupts",
				    env.interrupt_remapping ? "N" : "Y"));
		container_make(&ct, 0, 1, TYPE1V2);
		container_close(&ct);
	}
}

TEST(module_in_use_refuses_to_go)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	EQ(module_use_count(env.module), 0);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	EQ(module_use_count(env.module), 1);
	FAILS(EAGAIN, module_unload(env.module));
	TRUE(module_loaded(env.module));
	OK(dma_map(ct.fd, memory_small_pages(PAGE), IOVA, PAGE, DMA_RW));
	container_remove(&ct, 0);
	EQ(module_use_count(env.module), 0);
	container_close(&ct);
}

TEST(every_container_counts_as_one_user)
{
	struct container a, b;

	container_make(&a, 0, 2, TYPE1V2);
	container_make(&b, 2, 1, TYPE1);
	EQ(module_use_count(env.module), 2);
	container_close(&a);
	EQ(module_use_count(env.module), 1);
	FAILS(EAGAIN, module_unload(env.module));
	container_close(&b);
	EQ(module_use_count(env.module), 0);
}

TEST(refused_set_iommu_does_not_hold_the_module)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	FAILS(ENODEV, container_set_iommu(ct.fd, 99));
	EQ(module_use_count(env.module), 0);
	fault("iommu_attach_group", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_set_iommu(ct.fd, TYPE1V2));
	fault_disarm();
	EQ(module_use_count(env.module), 0);
	container_close(&ct);
}

TEST(without_the_module_set_iommu_finds_no_driver)
{
	struct container ct;

	container_init(&ct);
	container_add(&ct, 0);
	OK(module_unload(env.module));
	FAILS(ENODEV, container_set_iommu(ct.fd, TYPE1V2));
	EQ(container_check_extension(ct.fd, TYPE1V2), 0);
	load_again();
	OK(module_param_set(env.module, "allow_unsafe_interrupts", env.interrupt_remapping ? "N" : "Y"));
	OK(container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
}
