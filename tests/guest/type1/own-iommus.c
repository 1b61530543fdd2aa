// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups that have an IOMMU each, which can share a domain all the same: they are not held for incompatible. For guests
 * with such IOMMUs and virtio-rng devices; the suite "compatible" runs these, the suite "type1" leaves them out.
 */
#include <string.h>
#include <sys/mman.h>

#include "../lib/failed-calls.h"
#include "../lib/rng.h"
#include "instances.h"
#include "test.h"

/* A ring for each of two devices, and a place that each writes to. */
#define RING(n)		(n)
#define TARGET(n)	(2 + (n))
#define AREA_PAGES	4
#define BYTES		512

/* Where this IOMMU takes mappings, which is not at low addresses. */
static uint64_t first_iova(struct container *ct)
{
	struct type1_info info;

	OK(type1_get_info(ct->fd, &info));
	TRUE(info.nr_ranges > 0);
	return info.range[0].first;
}

/* The device reads its ring, and writes what is not all zeroes. */
static void expect_transfer(struct rng *rng, int n, uint8_t *area, uint64_t iova)
{
	uint8_t *target = area + TARGET(n) * PAGE;
	int i;

	OK(rng_start(rng, area + RING(n) * PAGE, iova + RING(n) * PAGE));
	OK(rng_write_memory(rng, iova + TARGET(n) * PAGE, BYTES));
	for (i = 0; i < BYTES && !target[i]; i++)
		;
	TRUE(i < BYTES);
	for (i = BYTES; i < (int)PAGE; i++)
		EQ(target[i], 0);
}

/*
 * What is mapped in the container reaches every one of the first two devices that is in it. Mapped for this only, when they
 * are open already: QEMU's s390x notes what is mapped while it is mapped, and forgets it when a device is reset.
 */
static void expect_dma(struct container *ct)
{
	uint8_t *area = memory_small_pages(AREA_PAGES * PAGE);
	const uint64_t iova = first_iova(ct);
	struct rng rng[2];
	int n;

	for (n = 0; n < 2; n++)
		if (ct->group[n] >= 0)
			OK(rng_open(&rng[n], ct->group[n], devices[n].bdf));
	memset(area, 0, AREA_PAGES * PAGE);
	OK(dma_map(ct->fd, area, iova, AREA_PAGES * PAGE, DMA_RW));
	EQ(locked_pages(), AREA_PAGES);
	for (n = 0; n < 2; n++)
		if (ct->group[n] >= 0)
			expect_transfer(&rng[n], n, area, iova);
	EQ(OK(dma_unmap(ct->fd, iova, AREA_PAGES * PAGE)), AREA_PAGES * PAGE);
	for (n = 0; n < 2; n++)
		if (ct->group[n] >= 0)
			rng_close(&rng[n]);
	munmap(area, AREA_PAGES * PAGE);
}

static int domains_since(const struct counts *then)
{
	return counters_since(then, COUNT_ALLOC) - counters_since(then, COUNT_FREE);
}

/* Without this, the other tests would show nothing. */
TEST(own_iommus_are_several)
{
	char name[64], other[64];
	int i, j;

	NEED_DEVICES(2);
	for (i = 0; i < nr_devices; i++) {
		instances_name(i, name, sizeof(name));
		for (j = 0; j < i; j++) {
			instances_name(j, other, sizeof(other));
			TRUE(strcmp(name, other));
			TRUE(devices[i].group != devices[j].group);
		}
	}
	ktap_diag("%d devices, the IOMMU of the last one is %s", nr_devices, name);
}

static void join(int first, int second)
{
	struct counts before;
	struct container ct;

	counters_read(&before);
	container_init(&ct);
	container_add(&ct, first);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	OK(dma_map(ct.fd, memory_small_pages(PAGE), first_iova(&ct) + MIB(1), PAGE, DMA_RW));
	container_add(&ct, second);
	EQ(domains_since(&before), 1);
	EQ(OK(dma_unmap(ct.fd, first_iova(&ct) + MIB(1), PAGE)), PAGE);
	expect_dma(&ct);
	container_close(&ct);
}

TEST(own_iommus_late_group_shares_the_domain)
{
	NEED_DEVICES(2);
	join(0, 1);
	join(1, 0);
}

TEST(own_iommus_groups_share_the_domain_from_the_start)
{
	struct counts before;
	struct container ct;

	counters_read(&before);
	container_make(&ct, 0, 2, TYPE1V2);
	EQ(domains_since(&before), 1);
	expect_dma(&ct);
	container_close(&ct);
}

/* The domain outlives the group, and so the IOMMU, that it was made for. */
TEST(own_iommus_groups_leave_and_return_in_each_order)
{
	struct counts before;
	struct container ct;
	int round;

	counters_read(&before);
	container_make(&ct, 0, 2, TYPE1V2);
	for (round = 0; round < 4; round++) {
		container_remove(&ct, round % 2);
		EQ(domains_since(&before), 1);
		expect_dma(&ct);
		container_add(&ct, round % 2);
		EQ(domains_since(&before), 1);
		expect_dma(&ct);
	}
	container_close(&ct);
}

/* More than the refusals after which groups are no longer offered domains of other IOMMUs, and none is refused. */
TEST(own_iommus_all_groups_share_one_domain)
{
	const struct attach_cost want = attach_cost(nr_devices);
	struct counts before;
	struct container ct;
	int attaches, failed;

	NEED_DEVICES(12);
	OK(failed_calls_start("iommu_attach_group"));
	counters_read(&before);
	container_make(&ct, 0, nr_devices, TYPE1V2);
	attaches = counters_since(&before, COUNT_ATTACH);
	failed = OK(failed_calls());
	failed_calls_stop();
	ktap_diag("%d groups, an IOMMU each: %d attach calls, %d of them failed, %llu domains allocated, 1 needed", nr_devices,
		  attaches, failed, counters_since(&before, COUNT_ALLOC));
	EQ(failed, 0);
	EQ(attaches, want.attaches);
	EQ(counters_since(&before, COUNT_ALLOC), want.allocs);
	EQ(domains_since(&before), 1);
	container_close(&ct);
}

/* User space is told the same, however many IOMMUs there are. */
TEST(own_iommus_info_is_that_of_one)
{
	struct type1_info alone, both;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(type1_get_info(ct.fd, &alone));
	container_add(&ct, 1);
	OK(type1_get_info(ct.fd, &both));
	EQ(both.pgsizes, alone.pgsizes);
	EQ(both.nr_ranges, alone.nr_ranges);
	TRUE(!memcmp(both.range, alone.range, sizeof(both.range)));
	test_same_on_both("own_iommus_info", "%#llx: %#llx-%#llx of %d", (unsigned long long)both.pgsizes,
			  (unsigned long long)both.range[0].first, (unsigned long long)both.range[0].last, both.nr_ranges);
	container_close(&ct);
}
