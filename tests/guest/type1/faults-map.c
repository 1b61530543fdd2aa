// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel calls that fail under MAP_DMA: mapping in the IOMMU, pinning,
 * charging. User space sees the errno and nothing is left behind.
 */
#include <time.h>

#include "test.h"

TEST(map_failure_of_the_iommu_is_reported_and_undone)
{
	static const int errors[] = { -ENOMEM, -EINVAL, -EEXIST, -ENOSPC };
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 4; i++) {
		fault("iommu_map", 1, FAULT_FOREVER, errors[i]);
		FAILS(-errors[i], dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
		TRUE(fault_hits(0) >= 1);
		fault_disarm();
		EQ(locked_pages(), 0);
		EQ(container_mappings(&ct), 0);
	}
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	container_close(&ct);
}

static void map_failure_at_every_step(struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	struct fault_rule rule = { "iommu_map", 1, FAULT_FOREVER, -ENOMEM };
	struct pin_counts before, after;
	int ret;

	/* Page by page, so that every page is a step. */
	OK(module_param_set(env.module, "disable_hugepages", "Y"));
	for (;; rule.nth++) {
		pin_counts_read(&before);
		fault(rule.func, rule.nth, rule.count, rule.err);
		ret = dma_map(ct->fd, area, IOVA, PAGE * 8, DMA_RW);
		if (!fault_hits(0))
			break;
		fault_disarm();
		FAILS(ENOMEM, ret);
		pin_counts_read(&after);
		EQ(after.acquired - before.acquired, after.released - before.released);
		EQ(locked_pages(), 0);
		EQ(container_mappings(ct), 0);
		TRUE(rule.nth < 40);
	}
	OK(ret);
	TRUE(rule.nth > 8);
	fault_disarm();
	EQ(locked_pages(), 8);
	EQ(OK(dma_unmap(ct->fd, IOVA, PAGE * 8)), PAGE * 8);
}

TEST(map_failure_at_every_step_leaks_nothing)
{
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	map_failure_at_every_step(&ct);
	container_close(&ct);
}

TEST(map_failure_at_every_step_in_two_domains_leaks_nothing)
{
	struct container ct;

	container_two_domains(&ct, 0, 1);
	map_failure_at_every_step(&ct);
	container_close(&ct);
}

TEST(pin_failure_is_reported_and_undone)
{
	static const int errors[] = { -ENOMEM, -EFAULT };
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 2; i++) {
		fault2((struct fault_rule){ "pin_user_pages_remote", 1, FAULT_FOREVER, errors[i] },
		       (struct fault_rule){ "pin_user_pages_fast", 1, FAULT_FOREVER, errors[i] });
		FAILS(-errors[i], dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
		TRUE(fault_hits(0) + fault_hits(1) >= 1);
		fault_disarm();
		EQ(locked_pages(), 0);
		EQ(container_mappings(&ct), 0);
	}
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	container_close(&ct);
}

/* As when the kernel cannot move memory to where it may be pinned, because somebody uses it. */
TEST(pin_failure_of_a_moment_is_tried_again)
{
	static const int errors[] = { -ENOMEM, -EBUSY, -EAGAIN };
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < 3; i++) {
		fault2((struct fault_rule){ "pin_user_pages_remote", 1, 3, errors[i] },
		       (struct fault_rule){ "pin_user_pages_fast", 1, FAULT_FOREVER, errors[i] });
		FAILS(DIFF(PIN_IS_TRIED_AGAIN) ? 0 : -errors[i],
		      dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
		fault_disarm();
		EQ(locked_pages(), DIFF(PIN_IS_TRIED_AGAIN) ? 4 : 0);
		OK(dma_unmap(ct.fd, IOVA, PAGE * 4));
		EQ(locked_pages(), 0);
	}
	container_close(&ct);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000) + t.tv_nsec / 1000000;
}

/* What bounds it: about 60 ms of pauses, and as many attempts. */
TEST(pin_failure_that_lasts_is_told_soon)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	uint64_t start, ms;

	container_make(&ct, 0, 1, TYPE1V2);
	fault2((struct fault_rule){ "pin_user_pages_remote", 1, FAULT_FOREVER, -ENOMEM },
	       (struct fault_rule){ "pin_user_pages_fast", 1, FAULT_FOREVER, -ENOMEM });
	start = now_ms();
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	ms = now_ms() - start;
	ktap_diag("told after %llu ms and %u attempts", (unsigned long long)ms, fault_hits(0));
	TRUE(fault_hits(0) <= 10);
	fault_disarm();
	TRUE(ms < 1000 * test_slowness());
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

/* A pin that pins nothing and reports no error must not be taken for a page. */
TEST(pin_of_nothing_is_efault)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;

	if (!DIFF(GUP_NOTHING_IS_EFAULT))
		test_skip("this stock kernel maps an uninitialised page then");
	container_make(&ct, 0, 1, TYPE1V2);
	fault2((struct fault_rule){ "pin_user_pages_remote", 1, FAULT_FOREVER, 0 },
	       (struct fault_rule){ "pin_user_pages_fast", 1, FAULT_FOREVER, 0 });
	FAILS(EFAULT, dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	fault_disarm();
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	container_close(&ct);
}

/* The later batches of a long mapping fail: everything before them goes back. */
TEST(pin_failure_in_a_later_batch_leaks_nothing)
{
	/* Four batches, of a page full of pointers each. */
	const size_t bytes = 4 * (PAGE / sizeof(void *)) * PAGE;
	uint8_t *area = memory_small_pages(bytes);
	struct pin_counts before, after;
	struct container ct;
	unsigned int nth;

	container_make(&ct, 0, 1, TYPE1V2);
	for (nth = 2; nth <= 4; nth++) {
		/* Ours takes the fast way and goes the other one only where that fails. */
		const unsigned int remote = env.backend == NG ? 1 : nth;

		pin_counts_read(&before);
		fault2((struct fault_rule){ "pin_user_pages_remote", remote, FAULT_FOREVER, -EFAULT },
		       (struct fault_rule){ "pin_user_pages_fast", nth, FAULT_FOREVER, -EFAULT });
		FAILS(EFAULT, dma_map(ct.fd, area, GIB(4), bytes, DMA_RW));
		fault_disarm();
		pin_counts_read(&after);
		EQ(after.acquired - before.acquired, after.released - before.released);
		EQ(locked_pages(), 0);
		EQ(container_mappings(&ct), 0);
	}
	container_close(&ct);
}

TEST(charge_failure_is_reported_and_undone)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	/* Killed while it waited for the mmap lock. */
	fault("__account_locked_vm", 1, 1, -ENOMEM);
	FAILS(ENOMEM, dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	EQ(fault_hits(0), 1);
	fault_disarm();
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	container_close(&ct);
}
