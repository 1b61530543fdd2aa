// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of several devices, of which one refuses after others were attached. Old cores leave such a group half
 * attached; whoever frees the refused domain then leaves devices with a page table that is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define PAGES	4
#define SIZE	3

static uint8_t *map_pages(struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGES * PAGE);

	OK(dma_map(ct->fd, area, IOVA, PAGES * PAGE, DMA_RW));
	return area;
}

/* A group of one and a group of three, behind one IOMMU, and that IOMMU's number. */
struct pair {
	int single;
	int several;
};

static struct pair find_pair(void)
{
	struct pair pair = { .several = mock.first_several };

	if (pair.several == nr_devices || mock.group[pair.several].size != SIZE)
		test_skip("there is no group of %d", SIZE);
	pair.single = mock_group(pair.several % mock.iommus, 1);
	return pair;
}

TEST(group_of_three_is_attached_and_detached_as_one)
{
	const struct pair pair = find_pair();
	struct container ct;
	uint8_t *area;

	container_make(&ct, pair.single, 1, TYPE1V2);
	area = map_pages(&ct);
	container_add(&ct, pair.several);
	expect_group_reaches(pair.several, IOVA, area);
	expect_group_reaches(pair.single, IOVA, area);
	container_remove(&ct, pair.several);
	expect_group_is_home(pair.several, IOVA);
	expect_group_reaches(pair.single, IOVA, area);
	container_close(&ct);
}

/* Incompatible in the middle of the group: all of it gets another domain, and the refused one goes with its group. */
static void soft_refusal(int member, bool drops)
{
	const struct pair pair = find_pair();
	const int soft = mock_pose_as_intel();
	struct container ct;
	uint8_t *area;

	mock_write("refusal_drops", drops ? "Y" : "N");
	container_make(&ct, pair.single, 1, TYPE1V2);
	area = map_pages(&ct);
	mock_answer("attach member=%d errno=%d nth=%d count=1", member, soft, 1 + (int)DIFF(FRESH_TRY_FIRST));
	container_add(&ct, pair.several);
	EQ(mock_answers_given(), 1);
	mock_forget_answers();
	expect_group_reaches(pair.several, IOVA, area);
	expect_group_reaches(pair.single, IOVA, area);
	EQ(mock_counter("pages"), 2 * PAGES);

	container_remove(&ct, pair.single);
	EQ(mock_counter("free_in_use"), 0);
	expect_group_is_home(pair.single, IOVA);
	expect_group_reaches(pair.several, IOVA, area);
	EQ(mock_counter("pages"), PAGES);
	container_close(&ct);
	expect_nothing_left();
}

TEST(group_with_an_incompatible_member_gets_a_domain_of_its_own)
{
	int member;

	for (member = 0; member < SIZE; member++) {
		soft_refusal(member, false);
		soft_refusal(member, true);
	}
}

/*
 * A real error in the middle of the group: no member is left on the domain that refused, which goes on serving
 * the others and can be freed.
 */
static void hard_refusal(int member, bool drops)
{
	const struct pair pair = find_pair();
	char *was, *is;
	struct container ct;
	uint8_t *area;

	mock_pose_as_intel();
	mock_write("refusal_drops", drops ? "Y" : "N");
	container_make(&ct, pair.single, 1, TYPE1V2);
	area = map_pages(&ct);
	was = mock_text("domains");
	mock_answer("attach member=%d errno=%d nth=1 count=1", member, ENOMEM);
	FAILS(ENOMEM, container_try_add(&ct, pair.several));
	EQ(mock_answers_given(), 1);
	mock_forget_answers();

	expect_group_is_home(pair.several, IOVA);
	is = mock_text("domains");
	TRUE(!strcmp(was, is));
	free(is);
	free(was);
	expect_group_reaches(pair.single, IOVA, area);

	container_remove(&ct, pair.single);
	EQ(mock_counter("free_in_use"), 0);
	expect_nothing_left();
	container_close(&ct);
}

TEST(group_with_a_failing_member_is_home_again, .not_on_stock = "stock tries a domain of its own first")
{
	int member;

	for (member = 0; member < SIZE; member++) {
		hard_refusal(member, false);
		hard_refusal(member, true);
	}
}

/* The same with a domain that was made for the group and goes at once. */
static void fresh_refusal(int member, int err, bool drops)
{
	const struct pair pair = find_pair();
	struct container ct;
	uint8_t *area;

	mock_write("refusal_drops", drops ? "Y" : "N");
	container_init(&ct);
	container_add(&ct, pair.several);
	mock_answer("attach member=%d errno=%d nth=1 count=1", member, err);
	FAILS(err, container_set_iommu(ct.fd, TYPE1V2));
	EQ(mock_answers_given(), 1);
	mock_forget_answers();
	if (!DIFF(HALF_ATTACHED_IS_FREED)) {
		expect_group_is_home(pair.several, IOVA);
		expect_nothing_left();
	}
	OK(container_set_iommu(ct.fd, TYPE1V2));
	area = map_pages(&ct);
	expect_group_reaches(pair.several, IOVA, area);
	container_close(&ct);
}

TEST(group_that_its_own_domain_refuses_is_home_again)
{
	int member;

	for (member = 0; member < SIZE; member++) {
		fresh_refusal(member, ENOMEM, false);
		fresh_refusal(member, ENOMEM, true);
		fresh_refusal(member, EINVAL, true);
	}
	/* What makes it a difference: stock really does that on old kernels. */
	if (DIFF(HALF_ATTACHED_IS_FREED))
		TRUE(mock_counter("free_in_use") > 0);
	else
		EQ(mock_counter("free_in_use"), 0);
}

/*
 * Nothing helps: a member is refused and another cannot be taken home. The domain that it is left on is never freed, and
 * goes on existing without mappings when its container goes.
 */
TEST(group_that_cannot_be_taken_home_reaches_nothing_that_is_freed, .domains_differ = true,
     .not_on_stock = "stock takes no group home")
{
	const struct pair pair = find_pair();
	const int soft = mock_pose_as_intel(), first = mock.group[pair.several].device[0];
	struct container ct;
	uint8_t *area, byte;

	if (env.facts & FACT_CORE_TAKES_HOME)
		test_skip("the core takes groups home on this kernel");
	container_make(&ct, pair.single, 1, TYPE1V2);
	area = map_pages(&ct);
	mock_answer("attach member=1 errno=%d count=1", soft);
	mock_answer("home errno=%d member=0 count=1", EIO);
	FAILS(ENOTRECOVERABLE, container_try_add(&ct, pair.several));
	EQ(mock_answers_given(), 2);
	expect_group_reaches(pair.single, IOVA, area);

	container_close(&ct);
	EQ(mock_counter("free_in_use"), 0);
	EQ(mock_counter("pages"), 0);
	EQ(mock_counter("alloc") - mock_counter("free"), 1);
	TRUE(!strcmp(mock_device(first).place, "domain"));
	FAILS(EFAULT, mock_device_reads(first, IOVA, &byte, 1));

	/* Another container finds the group usable, and takes it off that domain. */
	mock_counters_reset();
	container_make(&ct, pair.several, 1, TYPE1V2);
	area = map_pages(&ct);
	expect_group_reaches(pair.several, IOVA, area);
	container_close(&ct);
}

/*
 * The same in a container that has another domain, whichever device is stuck and whichever domain
 * goes first: what is unmapped after that is out of reach of every device, in a container or not.
 */
static void stuck_beside_another_domain(const struct pair *pair, int refused, int stuck,
					bool first_goes)
{
	const int other = mock_group((pair->several + 1) % mock.iommus, 1);
	const int leaves = first_goes ? pair->single : other;
	const int stays = first_goes ? other : pair->single;
	const int soft = mock_pose_as_intel(), *devices_of = mock.group[pair->several].device;
	struct container ct;
	uint8_t *area, byte;
	int member;

	container_make(&ct, pair->single, 1, TYPE1V2);
	container_add(&ct, other);
	area = map_pages(&ct);
	mock_answer("attach member=%d errno=%d count=1", refused, soft);
	mock_answer("home errno=%d member=%d count=1", EIO, stuck);
	FAILS(ENOTRECOVERABLE, container_try_add(&ct, pair->several));
	EQ(mock_answers_given(), 2);
	mock_forget_answers();

	container_remove(&ct, leaves);
	expect_group_reaches(stays, IOVA, area);
	if (first_goes)
		EQ(mock_counter("pages"), PAGES);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGES * PAGE)), PAGES * PAGE);
	EQ(mock_counter("pages"), 0);
	for (member = 0; member < SIZE; member++)
		FAILS(EFAULT, mock_device_reads(devices_of[member], IOVA, &byte, 1));
	container_close(&ct);
	EQ(mock_counter("free_in_use"), 0);

	/* Off that domain, for the next one. */
	container_make(&ct, pair->several, 1, TYPE1V2);
	area = map_pages(&ct);
	expect_group_reaches(pair->several, IOVA, area);
	container_close(&ct);
	expect_group_is_home(pair->several, IOVA);
}

TEST(group_that_cannot_be_taken_home_reaches_nothing_that_is_unmapped_later, .domains_differ = true,
     .not_on_stock = "stock takes no group home")
{
	const struct pair pair = find_pair();
	int refused, stuck;

	if (env.facts & FACT_CORE_TAKES_HOME)
		test_skip("the core takes groups home on this kernel");
	for (refused = 1; refused < SIZE; refused++) {
		for (stuck = 0; stuck < refused; stuck++) {
			stuck_beside_another_domain(&pair, refused, stuck, true);
			stuck_beside_another_domain(&pair, refused, stuck, false);
		}
	}
	/* One domain each is never freed. */
	mock_counters_reset();
}
