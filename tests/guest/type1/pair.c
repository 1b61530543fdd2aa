// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that shares its group with another, which no driver has: the guest's last edu device, if the guest is made so. The
 * other one is the first of the group, so a backend that wants to know something of the group asks that one.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/file.h"
#include "test.h"

struct pair {
	int device;		/* place in devices[] */
	char other[16];		/* address of the other function */
};

static void sysfs_path(char *path, size_t size, const char *bdf)
{
	snprintf(path, size, "/sys/bus/pci/devices/%s", bdf);
}

static bool is_there(const char *bdf)
{
	char path[64];

	sysfs_path(path, sizeof(path), bdf);
	return !access(path, F_OK);
}

static struct pair find_pair(void)
{
	struct pair pair = { .device = nr_devices - 1 };

	strcpy(pair.other, devices[pair.device].bdf);
	if (!strchr(pair.other, '.') || strcmp(strchr(pair.other, '.'), ".1"))
		test_skip("the last device is alone in its group");
	strcpy(strchr(pair.other, '.'), ".0");
	TRUE(is_there(pair.other));
	return pair;
}

static void use(const struct pair *pair, struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGE);
	struct edu edu;

	OK(dma_map(ct->fd, area, IOVA, PAGE, DMA_RW));
	container_edu(ct, pair->device, &edu);
	memory_fill(area, 256, 1);
	OK(edu_read_memory(&edu, IOVA, 256));
	OK(edu_write_memory(&edu, IOVA + 1024, 256));
	TRUE(memory_holds(area + 1024, 256, 1));
	edu_close(&edu);
}

TEST(pair_is_attached_as_one)
{
	const struct pair pair = find_pair();
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	container_add(&ct, pair.device);
	use(&pair, &ct);
	container_close(&ct);
}

/*
 * The other device goes after the group was looked into and before it is attached. Nobody may ask then which IOMMU it has. The
 * function that is made to last that long looks for a rule that makes asking the driver superfluous, and finds none then.
 */
#define NOT_ON_STOCK	.not_on_stock = "a function of ours is where the device goes"

static void unplug_while(const struct pair *pair, struct container *ct, bool first)
{
	const struct fault_rule rule = { "emt_predict", 1, 1, 0 };
	int ret = fault_arm_unplug(&rule, pair->other);

	if (ret == -ENOENT || ret == -EINVAL)
		test_skip("no ng_fault.ko, or the function cannot be probed");
	OK(ret);
	if (first)
		OK(container_set_iommu(ct->fd, TYPE1V2));
	else
		container_add(ct, pair->device);
	EQ(fault_hits(0), 1);
	TRUE(!is_there(pair->other));
	fault_disarm();
	use(pair, ct);
	container_close(ct);
	OK(file_write("/sys/bus/pci/rescan", "1"));
	TRUE(is_there(pair->other));
}

TEST(pair_loses_a_device_while_it_gets_a_domain, NOT_ON_STOCK)
{
	const struct pair pair = find_pair();
	struct container ct;

	container_init(&ct);
	container_add(&ct, pair.device);
	unplug_while(&pair, &ct, true);
}

TEST(pair_loses_a_device_while_it_joins_a_domain, NOT_ON_STOCK)
{
	const struct pair pair = find_pair();
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	unplug_while(&pair, &ct, false);
}
