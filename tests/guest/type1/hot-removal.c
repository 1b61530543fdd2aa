// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only device of a container's only group is taken from the bus while the container, its
 * mappings and the group's file stay.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/file.h"
#include "test.h"

static void sysfs(char *path, size_t size, const char *bdf, const char *file)
{
	snprintf(path, size, "/sys/bus/pci/devices/%s/%s", bdf, file);
}

static void remove_device(const char *bdf)
{
	char path[80];

	sysfs(path, sizeof(path), bdf, "remove");
	OK(file_write(path, "1"));
	sysfs(path, sizeof(path), bdf, "");
	TRUE(access(path, F_OK));
}

static void bring_device_back(const char *bdf)
{
	char path[80];

	OK(file_write("/sys/bus/pci/rescan", "1"));
	sysfs(path, sizeof(path), bdf, "driver_override");
	OK(file_write(path, "vfio-pci"));
	OK(file_write("/sys/bus/pci/drivers_probe", bdf));
	/* It may be in another group now. */
	TRUE(devices_find() > 0);
	EQ(strcmp(devices[0].bdf, bdf), 0);
}

static void expect_dma(struct container *ct, uint8_t *area, int seed)
{
	struct edu edu;

	container_edu(ct, 0, &edu);
	memory_fill(area, 1024, seed);
	memset(area + PAGE, 0, 1024);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(area + PAGE, 1024, seed));
	edu_close(&edu);
}

/* Ours tells administrators of each domain, in a line after the first. */
static void expect_no_domain(void)
{
	char text[4096];
	char *newline;

	if (env.backend != NG)
		return;
	OK(file_read("/sys/kernel/debug/vfio_type1_ng/domains", text, sizeof(text)));
	newline = strchr(text, '\n');
	TRUE(!newline || !newline[1]);
}

/* The core's own domains for the device come and go with it, and some kernels count those too. */
TEST(last_device_is_unplugged_and_comes_back, .domains_differ = true)
{
	uint8_t *area = memory_small_pages(MIB(4));
	struct container ct;
	char bdf[16];
	int old_group;

	if (!kernel_has_function("vfio_device_remove_group"))
		test_skip("VFIO's core waits there until the program gives the group up");
	strcpy(bdf, devices[0].bdf);
	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, MIB(4), DMA_RW));
	expect_dma(&ct, area, 1);

	old_group = ct.group[0];
	remove_device(bdf);
	EQ(locked_pages(), 0);
	FAILS(EINVAL, dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, MIB(4)));
	expect_no_domain();

	bring_device_back(bdf);
	container_add(&ct, 0);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, area, IOVA, MIB(4), DMA_RW));
	EQ(locked_pages(), MIB(4) / PAGE);
	expect_dma(&ct, area, 2);
	close(old_group);
	expect_dma(&ct, area, 3);
	container_close(&ct);
}
