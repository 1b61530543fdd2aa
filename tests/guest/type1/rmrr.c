// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that firmware ties to fixed addresses (RMRR): no domain may serve it, and that is what the user is told.
 * For guests whose last device is such a one; the suite "rmrr" runs these, the suite "type1" leaves them out.
 *
 * Before 5.19 the driver refuses the attach; since then the core refuses the group before a backend hears of it.
 */
#include <stdio.h>
#include <string.h>

#include "../lib/failed-calls.h"
#include "../lib/file.h"
#include "test.h"

static int tied_device(void)
{
	const int device = nr_devices - 1;
	char path[96], regions[1024];

	TRUE(nr_devices >= 3);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/reserved_regions", devices[device].group);
	OK(file_read(path, regions, sizeof(regions)));
	TRUE(strstr(regions, "direct\n") || strstr(regions, "direct "));
	return device;
}

/* Who refuses, is the kernel's choice: the driver, with -EPERM, or a core that does not ask it, with -EINVAL. */
static void watch_driver(void)
{
	OK(failed_calls_start("intel_iommu_attach_device"));
}

static void expect_refused(const char *key, int error)
{
	const int by_driver = OK(failed_calls());

	failed_calls_stop();
	EQ(error, by_driver ? -EPERM : -EINVAL);
	test_same_on_both(key, "%d", error);
}

TEST(rmrr_device_cannot_join)
{
	uint8_t *area = memory_small_pages(2 * PAGE);
	const int tied = tied_device();
	struct counts before;
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, 2 * PAGE, DMA_RW));
	counters_read(&before);
	watch_driver();
	expect_refused("rmrr_join", container_try_add(&ct, tied));
	EQ(counters_since(&before, COUNT_ALLOC), counters_since(&before, COUNT_FREE));
	/* Nobody looks for another domain after a real error. */
	if (env.backend == NG)
		TRUE(counters_since(&before, COUNT_ATTACH) <= (headers_have("DOMAIN_OWNER") ? 1u : 2u));

	/* The others go on, and more may come. */
	container_add(&ct, 1);
	container_edu(&ct, 1, &edu);
	memory_fill(area, 1024, 7);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(area + PAGE, 1024, 7));
	edu_close(&edu);
	container_close(&ct);
}

TEST(rmrr_device_cannot_be_the_first)
{
	const int tied = tied_device();
	struct container ct;
	int ret;

	container_init(&ct);
	watch_driver();
	ret = container_try_add(&ct, tied);
	if (!ret)
		ret = container_set_iommu(ct.fd, TYPE1V2);
	expect_refused("rmrr_first", ret);
	container_close(&ct);
}
