// SPDX-License-Identifier: GPL-2.0-only
/* Operations that no VFIO core of these kernels calls, or no driver: ../ops/ng_ops.ko does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../lib/kmsg.h"
#include "emulated.h"

/* 0 if there is none.  A linker that optimizes may have put something behind the name, after a dot. */
static uint64_t address_of(const char *symbol)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long long address = 0, a;
	size_t length = strlen(symbol);
	char line[512], name[512];

	TRUE(symbols);
	while (!address && fgets(line, sizeof(line), symbols))
		if (strstr(line, symbol) && sscanf(line, "%llx %*s %511s", &a, name) == 2 &&
		    !strncmp(name, symbol, length) && (!name[length] || name[length] == '.'))
			address = a;
	fclose(symbols);
	return address;
}

static void load(void)
{
	const char *ops = env.backend == NG ? "ng_driver_ops" : "vfio_iommu_driver_ops_type1";
	uint64_t address = address_of(ops);
	char path[256], params[64];
	struct utsname uts;

	uname(&uts);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/test/ng_ops.ko", uts.release);
	if (access(path, F_OK))
		test_skip("backends of this kernel have no such operation");
	/* As on arm64 with Linux 6.1: kallsyms has functions alone then. */
	if (!address_of("init_task"))
		test_skip("the backend's operations cannot be found without CONFIG_KALLSYMS_ALL");
	TRUE(address);
	snprintf(params, sizeof(params), "ops=0x%llx", (unsigned long long)address);
	module_unload("ng_ops");
	OK(module_load_file(path, params));
}

/* 0 or -errno */
static int ask(const char *question)
{
	char text[32];

	OK(module_param_get("ng_ops", question, text, sizeof(text)));
	return atoi(text);
}

TEST(domain_of_a_group_can_be_asked_for)
{
	struct emulated emulated;
	struct container ct;

	NEED_DEVICES(2);
	load();
	container_make(&ct, 0, 1, TYPE1V2);
	OK(ask("attached"));
	FAILS(EINVAL, ask("no_group"));
	FAILS(EINVAL, ask("no_container"));
	/* One that shares the domain; and when it has left. */
	container_add(&ct, 1);
	OK(ask("attached"));
	container_remove(&ct, 1);
	FAILS(ENODEV, ask("attached"));
	/* One that needs no domain. */
	emulated_add(&ct, &emulated, 0);
	FAILS(ENODEV, ask("attached"));
	container_close(&ct);
	OK(module_unload("ng_ops"));
}

static int copy_from(uint64_t iova)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)iova);
	OK(module_param_set("ng_ops", "iova", text));
	return ask("copy");
}

/* A container with an emulated device keeps its user addresses; so this driver has no device in it. */
TEST(driver_that_needs_invalid_addresses_is_named_in_the_log,
     .not_on_stock = "stock waits for them, or warns with a call trace")
{
	static const char *const words[] = { "needs user addresses while they are invalid", NULL };
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = VFIO_DMA_UNMAP_FLAG_VADDR, .iova = IOVA, .size = PAGE,
	};
	void *page = memory_small_pages(PAGE);
	struct container ct;
	char line[256];
	int reader;

	NEED_DEVICES(1);
	load();
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, page, IOVA, PAGE, DMA_RW));
	OK(copy_from(IOVA));
	OK(raw_ioctl(ct.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	reader = OK(kmsg_open());
	FAILS(EBUSY, copy_from(IOVA));
	TRUE(kmsg_find(reader, words, line, sizeof(line)));
	OK(dma_map(ct.fd, page, IOVA, PAGE, VFIO_DMA_MAP_FLAG_VADDR));
	OK(copy_from(IOVA));
	TRUE(!kmsg_find(reader, words, line, sizeof(line)));
	close(reader);
	container_close(&ct);
	OK(module_unload("ng_ops"));
}
