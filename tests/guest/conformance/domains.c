// SPDX-License-Identifier: GPL-2.0-only
/* Parts 2 to 4: how many domains groups get, and what keeps them from sharing one. */
#include <stdio.h>
#include <string.h>

#include "conform.h"

#define MOST_GROUPS	16

/* --- part 2: the domains that exist are tried first --- */

struct cost {
	unsigned long long allocs, attaches, detaches;
	int driver_attaches;
};

static struct cost cost_since(const struct counts *before, int driver_attaches)
{
	return (struct cost){
		.allocs = counters_since(before, COUNT_ALLOC),
		.attaches = counters_since(before, COUNT_ATTACH),
		.detaches = counters_since(before, COUNT_DETACH),
		.driver_attaches = watch_get("driver_attaches") - driver_attaches,
	};
}

static struct cost make_container(struct container *ct, int groups)
{
	int driver_attaches = watch_get("driver_attaches");
	struct counts before;
	int i;

	counters_read(&before);
	container_with_target(ct);
	for (i = 1; i < groups; i++)
		container_add(ct, i);
	return cost_since(&before, driver_attaches);
}

/* Data move through the mapping from and to memory, so the device is attached to a domain that has it. */
static bool device_reaches(struct container *ct, int device, uint8_t *area)
{
	struct edu edu;
	bool reaches;

	container_edu(ct, device, &edu);
	memory_fill(area, 512, 100 + device);
	memset(area + PAGE, 0, 512);
	reaches = !edu_read_memory(&edu, IOVA, 512) && !edu_write_memory(&edu, IOVA + PAGE, 512) &&
		  memory_holds(area + PAGE, 512, 100 + device);
	edu_close(&edu);
	return reaches;
}

static void reuse(void)
{
	const int groups = nr_devices < MOST_GROUPS ? nr_devices : MOST_GROUPS;
	uint8_t *area = memory_small_pages(2 * PAGE);
	struct cost one, all;
	struct container ct;
	int i;

	watch_reset();
	one = make_container(&ct, 1);
	container_close(&ct);
	if (one.allocs != 1 || one.attaches != 1 || !one.driver_attaches)
		conclude(NOT_OBSERVABLE, "a single group shows as %llu allocations, %llu attaches and %d attaches by the driver, so this kernel or backend uses functions that are not counted",
			 one.allocs, one.attaches, one.driver_attaches);

	watch_reset();
	all = make_container(&ct, groups);
	OK(dma_map(ct.fd, area, IOVA, 2 * PAGE, DMA_RW));
	for (i = 0; i < groups; i++)
		if (!device_reaches(&ct, i, area))
			conclude(ABSENT, "group %d of %d joined, but its device cannot reach what is mapped (%llu allocations, %llu attaches)",
				 i + 1, groups, all.allocs, all.attaches);
	conclude(all.allocs == 1 && all.attaches == (unsigned int)groups && !all.detaches &&
		 all.driver_attaches == groups * one.driver_attaches ? PRESENT : ABSENT,
		 "%d groups: %llu allocations, %llu attaches, %llu detaches, %d attaches by the driver; DMA of each arrives",
		 groups, all.allocs, all.attaches, all.detaches, all.driver_attaches);
}

const struct part part_reuse = {
	.id = "2",
	.name = "reuse_first",
	.title = "a group is offered to the domains that exist first",
	.instead = "a domain is allocated for every group, and thrown away when an older one fits",
	.run = reuse,
};

/* --- parts 3 and 4 --- */

/* Does the second group share the first one's domain when nothing is out of the ordinary? */
static void expect_equal_groups_to_share(void)
{
	struct joined joined;
	struct container ct;

	watch_reset();
	container_with_target(&ct);
	if (!watch_get("target"))
		conclude(NOT_OBSERVABLE, "the backend attaches with a function that is not known");
	joined = join_second(&ct);
	if (!joined.shares)
		conclude(ABSENT, "even equal groups do not share: SET_CONTAINER says %s, %llu more domain(s), the group %s attached to the one that exists",
			 error_name(joined.error), joined.new_domains, joined.attached ? "is" : "is not");
	container_close(&ct);
}

static void ops(void)
{
	struct joined joined;
	struct container ct;

	expect_equal_groups_to_share();
	watch_reset();
	container_with_target(&ct);
	watch_set("other_ops", 1);
	joined = join_second(&ct);
	watch_set("other_ops", 0);
	container_close(&ct);
	conclude(joined.offers && joined.shares ? PRESENT : ABSENT,
		 "domain with another operations table of the same driver: %s to the second group, which %s",
		 joined.offers ? "offered" : "not offered",
		 joined.error ? error_name(joined.error) : joined.shares ? "shares it" : "gets a domain of its own");
}

const struct part part_ops = {
	.id = "3",
	.name = "no_ops_compare",
	.title = "domains are not told apart by their operations table",
	.instead = "a domain with another table is passed over without asking the driver",
	.run = ops,
};

/* Join two groups, the driver saying of each whether its DMA can be made coherent. */
static struct joined join_with_answers(int first, int second, bool of_devices)
{
	struct joined joined;
	struct container ct;

	watch_reset();
	watch_set("coherent", first);
	watch_set("device_coherent", of_devices ? first : -1);
	container_with_target(&ct);
	watch_set("coherent", second);
	watch_set("device_coherent", of_devices ? second : -1);
	joined = join_second(&ct);
	container_close(&ct);
	return joined;
}

static const char *outcome(const struct joined *joined)
{
	return joined->error ? error_name(joined->error) : joined->shares ? "shared" : "second domain";
}

/* Where KVM asks the device, a capable one in a domain that does not enforce would mislead it. */
static void remark_on_kvm(void)
{
	struct joined capable;

	if (!watch_get("kvm_trusts_device"))
		return;
	capable = join_with_answers(0, 1, true);
	if (capable.error)
		remark("a group whose device can be coherent is refused (%s) after one that cannot", error_name(capable.error));
	else if (capable.shares)
		remark("WARNING: on this kernel KVM asks the device, and a capable device shares a domain that does not enforce coherency; stock keeps it apart");
	else
		remark("where the device itself is asked, as KVM does on this kernel, a capable one is kept apart from an incapable one's domain, which it has to be");
}

static void coherency(void)
{
	struct joined off, on;

	if (!watch_get("has_question"))
		conclude(NOT_OBSERVABLE, "this IOMMU driver cannot be asked to make DMA coherent");
	expect_equal_groups_to_share();
	off = join_with_answers(1, 0, false);
	on = join_with_answers(0, 1, false);
	remark_on_kvm();
	conclude(off.shares && on.shares ? PRESENT : ABSENT,
		 "the driver's coherency answer differs: coherent then not: %s; not then coherent: %s",
		 outcome(&off), outcome(&on));
}

const struct part part_coherency = {
	.id = "4",
	.name = "no_coherency_compare",
	.title = "groups share a domain although their coherency differs",
	.instead = "two domains, so every mapping is made twice",
	.run = coherency,
};

/* --- what has no behaviour --- */

static void dirty_scope(void)
{
	conclude(NOT_OBSERVABLE, "the series only removes code that never had an effect: groups without an IOMMU have pinned-page scope already when they leave");
}

const struct part part_dirty_scope = {
	.id = "6",
	.name = "dirty_scope_clean_up",
	.title = "detach updates the dirty scope only for groups behind an IOMMU",
	.instead = "the same behaviour with a needless variable",
	.run = dirty_scope,
};
