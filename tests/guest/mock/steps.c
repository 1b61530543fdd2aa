// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of the driver fails once, one after the other, while groups come and go; whatever fails, nothing is left
 * behind and the container goes on.
 */
#include <string.h>

#include "mock.h"

#define MAPPINGS	6
#define MOST_STEPS	400

/* One group behind each of two IOMMUs, then one that joins the first, then one of several devices. */
static int groups_of_the_play(int *group)
{
	int n = 0;

	group[n++] = 0;
	group[n++] = 1;
	group[n++] = mock.iommus;
	if (mock.first_several < nr_devices)
		group[n++] = mock.first_several;
	return n;
}

static int map_all(struct container *ct, uint8_t *area)
{
	int i, ret = 0;

	for (i = 0; !ret && i < MAPPINGS; i++)
		ret = dma_map(ct->fd, area + i * PAGE, IOVA + 2 * i * PAGE, PAGE, DMA_RW);
	return ret;
}

/* The container with all groups; the first error ends it, and everything is taken down whatever happened. */
static int play(uint8_t *area)
{
	struct container ct;
	int group[4], n = groups_of_the_play(group), i, ret;

	container_init(&ct);
	container_add(&ct, group[0]);
	ret = container_set_iommu(ct.fd, TYPE1V2);
	if (!ret)
		ret = map_all(&ct, area);
	for (i = 1; !ret && i < n; i++)
		ret = container_try_add(&ct, group[i]);
	for (i = 0; !ret && i < n; i++)
		expect_group_reaches(group[i], IOVA, area);
	if (!ret)
		ret = dma_unmap(ct.fd, IOVA, 2 * MAPPINGS * PAGE) < 0;
	container_close(&ct);
	return ret;
}

static void walk(const char *call, int err)
{
	uint8_t *area = memory_small_pages(MAPPINGS * PAGE);
	int nth, ret, failed = 0;
	long given;

	for (nth = 1; ; nth++) {
		mock_counters_reset();
		mock_answer("%s errno=%d nth=%d count=1", call, err, nth);
		ret = play(area);
		given = mock_answers_given();
		mock_forget_answers();
		expect_nothing_left();
		EQ(locked_pages(), 0);
		failed += !!ret;
		if (!given)
			break;
		TRUE(nth < MOST_STEPS);
	}
	OK(ret);
	TRUE(nth > 1);
	ktap_diag("%s, errno %d: %d calls failed one by one, %d of them failed the user's", call, err, nth - 1, failed);
}

TEST(failure_of_every_alloc_leaves_nothing, .domains_differ = true)
{
	walk("alloc", ENOMEM);
}

TEST(failure_of_every_attach_leaves_nothing, .seconds = 120)
{
	walk("attach", ENOMEM);
	walk("attach", EINVAL);
	/* No driver is known for it: never a reason to lose a group. */
	walk("attach", E2BIG);
}

TEST(failure_of_every_map_leaves_nothing, .seconds = 120)
{
	walk("map", ENOMEM);
	walk("map", EIO);
}

/* As when VT-d's driver has no memory for a page table in the middle of a run. */
TEST(failed_map_that_stays_in_part_is_undone, .not_on_stock = "it leaves what the driver left")
{
	uint8_t *huge = memory_huge_pages(MIB(2));
	struct container ct;

	TRUE(huge);
	container_make(&ct, 0, 1, TYPE1V2);
	container_add(&ct, 1);
	mock_write("failed_map_stays", "Y");
	mock_answer("map errno=%d domain=0", ENOMEM);
	FAILS(ENOMEM, dma_map(ct.fd, huge, IOVA, MIB(2), DMA_RW));
	EQ(mock_counter("pages"), 0);
	mock_forget_answers();

	/* In the second domain, once: with less to remember there may be memory for it. */
	mock_answer("map errno=%d domain=1 count=1", ENOMEM);
	OK(dma_map(ct.fd, huge, IOVA, MIB(2), DMA_RW));
	TRUE(mock_answers_given() > 0);
	mock_forget_answers();
	mock_answer("map errno=%d domain=1", EIO);
	FAILS(EIO, dma_map(ct.fd, huge, IOVA + MIB(4), MIB(1), DMA_RW));
	mock_forget_answers();
	mock_write("failed_map_stays", "N");
	expect_group_reaches(0, IOVA, huge);
	expect_group_reaches(1, IOVA, huge);
	EQ(mock_counter("pages"), 2 * MIB(2) / PAGE);

	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(2))), MIB(2));
	EQ(mock_counter("pages"), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(failure_of_every_question_for_coherency_leaves_nothing)
{
	if (!headers_have("ENFORCE_CACHE_COHERENCY"))
		test_skip("this kernel does not ask");
	walk("enforce", EINVAL);
}

static void walk_replay(int err)
{
	uint8_t *area = memory_small_pages(MAPPINGS * PAGE);
	struct container ct;
	int nth, ret;
	long given;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(map_all(&ct, area));
	for (nth = 1; ; nth++) {
		mock_answer("map errno=%d nth=%d count=1", err, nth);
		ret = container_try_add(&ct, 1);
		given = mock_answers_given();
		mock_forget_answers();
		EQ(locked_pages(), MAPPINGS);
		EQ(container_mappings(&ct), MAPPINGS);
		expect_group_reaches(0, IOVA, area);
		if (ret) {
			FAILS(err, ret);
			EQ(mock_counter("pages"), MAPPINGS);
			expect_group_is_home(1, IOVA);
			continue;
		}
		EQ(mock_counter("pages"), 2 * MAPPINGS);
		expect_group_reaches(1, IOVA, area);
		container_remove(&ct, 1);
		if (!given)
			break;
		/* Stock tests for superpages, without harm; ours may do with less memory. */
		TRUE(env.backend == STOCK || err == ENOMEM);
	}
	TRUE(nth > MAPPINGS);
	container_close(&ct);
}

/* The group that fails to come in disturbs nothing that is there. */
TEST(failure_of_every_map_of_a_replay_disturbs_nothing, .seconds = 120)
{
	walk_replay(ENOMEM);
	walk_replay(EIO);
}
