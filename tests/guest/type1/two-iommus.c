// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups behind two IOMMUs that cannot share a domain, in one container: two domains, which look like one to the user.
 * For guests that have two; the suite "incompatible" runs these, the suite "type1" leaves them out.
 */
#include <stdio.h>
#include <string.h>

#include "../lib/failed-calls.h"
#include "../lib/kmsg.h"
#include "instances.h"
#include "test.h"

#define AREA_PAGES	4

static void expect_dma(struct container *ct, int device, uint8_t *area, int seed)
{
	uint8_t *back = area + (AREA_PAGES - 1) * PAGE;
	struct edu edu;

	container_edu(ct, device, &edu);
	memory_fill(area, 1024, seed);
	memset(back, 0, 1024);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + (AREA_PAGES - 1) * PAGE, 1024));
	TRUE(memory_holds(back, 1024, seed));
	edu_close(&edu);
}

static void expect_no_dma(struct container *ct, int device, uint8_t *area)
{
	struct edu edu;

	container_edu(ct, device, &edu);
	memset(area, 0x55, PAGE);
	OK(edu_write_memory(&edu, IOVA, 1024));
	EQ(area[0], 0x55);
	EQ(area[1023], 0x55);
	edu_close(&edu);
}

static uint8_t *map_area(struct container *ct)
{
	uint8_t *area = memory_small_pages(AREA_PAGES * PAGE);

	OK(dma_map(ct->fd, area, IOVA, AREA_PAGES * PAGE, DMA_RW));
	return area;
}

/* Domains that exist now and did not at an earlier reading. */
static int domains_since(const struct counts *then)
{
	return counters_since(then, COUNT_ALLOC) - counters_since(then, COUNT_FREE);
}

static void container_make_of(struct container *ct, int first, int second)
{
	container_init(ct);
	container_add(ct, first);
	container_add(ct, second);
	OK(container_set_iommu(ct->fd, TYPE1V2));
}

/* --- joining --- */

static void both_before_set_iommu(int first, int second)
{
	struct counts before;
	struct container ct;
	uint8_t *area;

	counters_read(&before);
	container_make_of(&ct, first, second);
	EQ(domains_since(&before), 2);
	area = map_area(&ct);
	expect_dma(&ct, first, area, 1);
	expect_dma(&ct, second, area, 2);
	OK(dma_unmap(ct.fd, IOVA, AREA_PAGES * PAGE));
	expect_no_dma(&ct, first, area);
	expect_no_dma(&ct, second, area);
	container_close(&ct);
}

TEST(two_iommus_share_a_container)
{
	struct instances in;

	instances_find(&in);
	both_before_set_iommu(in.near[0], in.far[0]);
	both_before_set_iommu(in.far[0], in.near[0]);
}

static void second_after_mapping(int first, int second)
{
	struct counts before;
	struct container ct;
	uint8_t *area;

	counters_read(&before);
	container_init(&ct);
	container_add(&ct, first);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	area = map_area(&ct);
	container_add(&ct, second);
	EQ(domains_since(&before), 2);
	EQ(locked_pages(), AREA_PAGES);
	expect_dma(&ct, second, area, 3);
	expect_dma(&ct, first, area, 4);
	OK(dma_unmap(ct.fd, IOVA, AREA_PAGES * PAGE));
	expect_no_dma(&ct, second, area);
	expect_no_dma(&ct, first, area);
	container_close(&ct);
}

TEST(two_iommus_late_group_reaches_earlier_mappings)
{
	struct instances in;

	instances_find(&in);
	second_after_mapping(in.near[0], in.far[0]);
	second_after_mapping(in.far[0], in.near[0]);
}

/* A group may leave and come back while the other goes on; the last of an IOMMU takes its domain with it. */
static void leave_and_return(int stays, int goes)
{
	struct counts before;
	struct container ct;
	uint8_t *area;
	int round;

	counters_read(&before);
	container_make_of(&ct, stays, goes);
	area = map_area(&ct);
	for (round = 0; round < 3; round++) {
		container_remove(&ct, goes);
		EQ(domains_since(&before), 1);
		expect_dma(&ct, stays, area, 10 + round);
		container_add(&ct, goes);
		EQ(domains_since(&before), 2);
		expect_dma(&ct, goes, area, 20 + round);
		expect_dma(&ct, stays, area, 30 + round);
	}
	EQ(locked_pages(), AREA_PAGES);
	container_close(&ct);
}

TEST(two_iommus_groups_leave_and_return_in_each_order)
{
	struct instances in;

	instances_find(&in);
	leave_and_return(in.near[0], in.far[0]);
	leave_and_return(in.far[0], in.near[0]);
	leave_and_return(in.near[1], in.far[0]);
}

/* The domain whose first group has left still serves, and is still found by, groups of its IOMMU. */
TEST(two_iommus_domain_outlives_its_first_group)
{
	struct counts before;
	struct instances in;
	struct container ct;
	uint8_t *area;
	int i;

	instances_find(&in);
	counters_read(&before);
	container_make_of(&ct, in.near[0], in.far[0]);
	area = map_area(&ct);
	for (i = 0; i < 2; i++) {
		container_add(&ct, in.far[1 - i]);
		container_remove(&ct, in.far[i]);
		expect_dma(&ct, in.far[1 - i], area, 40 + i);
		container_add(&ct, in.near[1 - i]);
		container_remove(&ct, in.near[i]);
		expect_dma(&ct, in.near[1 - i], area, 50 + i);
		EQ(domains_since(&before), 2);
	}
	container_close(&ct);
}

/* What user space is told is what both can do, whoever comes first. */
TEST(two_iommus_info_is_what_both_can_do)
{
	struct type1_info near_first, far_first, alone;
	struct instances in;
	struct container ct;

	instances_find(&in);
	container_make_of(&ct, in.near[0], in.far[0]);
	OK(type1_get_info(ct.fd, &near_first));
	container_remove(&ct, in.far[0]);
	OK(type1_get_info(ct.fd, &alone));
	EQ(near_first.pgsizes & ~alone.pgsizes, 0);
	container_close(&ct);

	container_make_of(&ct, in.far[0], in.near[0]);
	OK(type1_get_info(ct.fd, &far_first));
	EQ(far_first.pgsizes, near_first.pgsizes);
	EQ(far_first.nr_ranges, near_first.nr_ranges);
	TRUE(!memcmp(far_first.range, near_first.range, sizeof(far_first.range)));
	test_same_on_both("two_iommus_info", "%#llx: %#llx-%#llx of %d", (unsigned long long)near_first.pgsizes,
			  (unsigned long long)near_first.range[0].first, (unsigned long long)near_first.range[0].last,
			  near_first.nr_ranges);
	container_close(&ct);
}

/* --- what it takes --- */

/* Four groups, by turns from both IOMMUs: the second of each finds the domain of the first without asking around. */
TEST(two_iommus_nobody_is_asked_in_vain)
{
	static const char *const complaint[] = { "cannot attach", NULL };
	struct counts before;
	struct instances in;
	struct container ct;
	char line[512];
	int i, kmsg, attaches, failed, complaints = 0;

	instances_find(&in);
	OK(failed_calls_start("iommu_attach_group"));
	kmsg = OK(kmsg_open());
	counters_read(&before);

	container_make_of(&ct, in.near[0], in.far[0]);
	for (i = 1; i >= 0; i--) {
		if (i == 0) {
			container_remove(&ct, in.near[0]);
			container_remove(&ct, in.far[0]);
		}
		container_add(&ct, in.far[i]);
		container_add(&ct, in.near[i]);
	}

	attaches = counters_since(&before, COUNT_ATTACH);
	failed = OK(failed_calls());
	failed_calls_stop();
	while (kmsg_find(kmsg, complaint, line, sizeof(line)))
		complaints++;
	ktap_diag("2 groups of 2 IOMMUs each, 2 of them back again: %d attach calls, %d of them failed, %llu domains allocated, 2 needed, %d complaints of the driver in the kernel log",
		  attaches, failed, counters_since(&before, COUNT_ALLOC), complaints);
	EQ(domains_since(&before), 2);
	container_close(&ct);
	if (env.backend == STOCK) {
		/* The way of counting can see what it is for. */
		EQ(failed > 0, in.same_driver);
		/* Drivers stopped to complain when they agreed on an errno. */
		if (attach_errnos() != (ERRNOS_OF_EACH_DRIVER | ERRNOS_DOCUMENTED))
			EQ(complaints > 0, in.same_driver && attach_errnos() == ERRNOS_OF_EACH_DRIVER);
		return;
	}
	EQ(counters_since(&before, COUNT_ALLOC), 2);
	EQ(attaches, 6);
	EQ(failed, 0);
	EQ(complaints, 0);
}

/* A failure that is not about compatibility is the user's to know, and costs the other groups nothing. */
TEST(two_iommus_real_error_of_the_second_is_reported)
{
	struct instances in;
	struct container ct;
	uint8_t *area;

	instances_find(&in);
	container_init(&ct);
	container_add(&ct, in.near[0]);
	OK(container_set_iommu(ct.fd, TYPE1V2));
	area = map_area(&ct);
	fault("iommu_attach_group", 1, FAULT_FOREVER, -ENOSPC);
	FAILS(ENOSPC, container_try_add(&ct, in.far[0]));
	TRUE(fault_hits(0) > 0);
	fault_disarm();
	expect_dma(&ct, in.near[0], area, 60);
	container_add(&ct, in.far[0]);
	expect_dma(&ct, in.far[0], area, 61);
	container_close(&ct);
}
