// SPDX-License-Identifier: GPL-2.0-only
/* Groups behind IOMMUs that do not share domains: what is tried, what is given up, what is told to whom. */
#include <stdlib.h>
#include <string.h>

#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "mock.h"

#define PAGES	4

/* What a line about an attach would say, whoever logs it. */
static const char *const about_attach[] = { "iommu", "IOMMU", "vfio", "emt", "mock", "dmar", "attach", "domain", NULL };

static void expect_log_is_silent(int reader)
{
	char line[256];

	while (kmsg_find(reader, about_attach, line, sizeof(line))) {
		ktap_diag("logged: %s", line);
		TRUE(false);
	}
}

static uint8_t *map_pages(struct container *ct)
{
	uint8_t *area = memory_small_pages(PAGES * PAGE);

	OK(dma_map(ct->fd, area, IOVA, PAGES * PAGE, DMA_RW));
	return area;
}

static int domain_of(int group)
{
	return mock_device(mock.group[group].device[0]).domain;
}

TEST(incompatible_groups_get_a_domain_each_and_dma_works)
{
	struct mock_domain domains[4];
	struct container ct;
	uint8_t *area;

	container_make(&ct, 0, 1, TYPE1V2);
	area = map_pages(&ct);
	container_add(&ct, 1);
	EQ(mock_domains(domains, 4), 2);
	EQ(domains[0].pages, PAGES);
	EQ(domains[1].pages, PAGES);
	expect_group_reaches(0, IOVA, area);
	expect_group_reaches(1, IOVA + PAGE, area + PAGE);

	/* What is mapped from now on is in both, and what is unmapped is in none. */
	OK(dma_map(ct.fd, area, IOVA + MIB(1), PAGE, DMA_RW));
	expect_group_reaches(0, IOVA + MIB(1), area);
	expect_group_reaches(1, IOVA + MIB(1), area);
	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(2))), (PAGES + 1) * PAGE);
	EQ(mock_counter("pages"), 0);
	container_close(&ct);
}

TEST(incompatible_groups_leave_in_any_order)
{
	struct container ct;
	uint8_t *area;
	int first;

	for (first = 0; first < 2; first++) {
		container_make(&ct, 0, 2, TYPE1V2);
		area = map_pages(&ct);
		container_remove(&ct, first);
		expect_group_is_home(first, IOVA);
		expect_group_reaches(!first, IOVA, area);
		EQ(mock_counter("pages"), PAGES);
		container_remove(&ct, !first);
		expect_nothing_left();
		container_close(&ct);
	}
}

TEST(incompatible_join_is_not_logged)
{
	struct container ct;
	int reader;

	mock_pose_as_intel();
	container_make(&ct, 0, 1, TYPE1V2);
	reader = OK(kmsg_open());
	container_add(&ct, 1);
	TRUE(mock_counter("attach_failed") >= 1);
	expect_log_is_silent(reader);
	container_close(&ct);
}

/* A group whose own IOMMU's domain refuses it gets into the domain of another IOMMU. */
TEST(incompatible_domain_is_passed_over_for_the_next, .not_on_stock = "stock takes the list's order")
{
	const int soft = mock_pose_as_intel(), late = mock.iommus;
	struct counts before;
	struct container ct;
	uint8_t *area;

	mock_write("foreign_errno", "0");
	container_make(&ct, 0, 1, TYPE1V2);
	area = map_pages(&ct);
	mock_answer("attach domain=0 errno=%d count=2", soft);
	container_add(&ct, 1);
	counters_read(&before);
	container_add(&ct, late);
	EQ(mock_answers_given(), 2);
	EQ(counters_since(&before, COUNT_ALLOC), 0);
	EQ(domain_of(late), domain_of(1));
	expect_group_reaches(late, IOVA, area);
	container_close(&ct);
}

static bool domains_file_says(const char *word)
{
	char text[4096];

	OK(file_read("/sys/kernel/debug/vfio_type1_ng/domains", text, sizeof(text)));
	return strstr(text, word);
}

/* The IOMMU of a group that has left may go, and its name with it. */
TEST(domain_is_shown_with_an_iommu_that_it_serves, .not_on_stock = "stock shows nothing")
{
	struct container ct;

	mock_write("foreign_errno", "0");
	container_make(&ct, 0, 1, TYPE1V2);
	container_add(&ct, 1);
	EQ(domain_of(0), domain_of(1));
	TRUE(domains_file_says("mock-iommu0"));
	container_remove(&ct, 0);
	TRUE(domains_file_says("mock-iommu1"));
	TRUE(!domains_file_says("mock-iommu0"));
	container_close(&ct);
}

/*
 * What no other domain helps against ends the search: the driver is asked once, no domain is made, the caller
 * sees the very errno, and the container is as it was.
 */
static void hard_error(int err)
{
	const int late = mock.iommus;
	struct counts before;
	char *was, *is;
	struct container ct;
	uint8_t *area;

	mock_pose_as_intel();
	container_make(&ct, 0, 2, TYPE1V2);
	area = map_pages(&ct);
	was = mock_text("domains");
	counters_read(&before);
	mock_counters_reset();
	mock_answer("attach device=0 errno=%d nth=%d count=1", err, 1 + (int)DIFF(FRESH_TRY_FIRST));
	if (DIFF(HARD_JOIN_IS_REPORTED)) {
		FAILS(err, container_try_add(&ct, late));
		EQ(mock_counter("attach_failed"), 1);
		EQ(counters_since(&before, COUNT_ALLOC), 0);
		is = mock_text("domains");
		TRUE(!strcmp(was, is));
		free(is);
		expect_group_is_home(late, IOVA);
	} else {
		container_add(&ct, late);
		expect_group_reaches(late, IOVA, area);
	}
	EQ(mock_answers_given(), 1);
	mock_forget_answers();
	if (DIFF(HARD_JOIN_IS_REPORTED))
		container_add(&ct, late);
	expect_group_reaches(late, IOVA, area);
	expect_group_reaches(0, IOVA, area);
	free(was);
	container_close(&ct);
	mock_counters_reset();
}

TEST(hard_error_of_a_join_is_reported_and_ends_the_search)
{
	static const int errors[] = { ENOMEM, EINTR, EAGAIN, ETIMEDOUT, ENODEV, EBUSY };
	unsigned int i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		hard_error(errors[i]);
}

/* A fresh domain's failure is the answer, whatever errno, on both backends. */
TEST(failure_of_a_fresh_domain_is_reported_raw)
{
	static const int errors[] = { EINVAL, ENOMEM, EFAULT, EOPNOTSUPP, EXDEV, ENXIO, EBUSY, ENODEV, EPERM, E2BIG };
	struct container ct;
	unsigned int i;
	uint8_t *area;

	mock_pose_as_intel();
	container_make(&ct, 0, 1, TYPE1V2);
	area = map_pages(&ct);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		/* Behind an IOMMU without a domain: refused by what exists, then by its own. */
		mock_answer("attach device=1 errno=%d", errors[i]);
		FAILS(errors[i], container_try_add(&ct, 1));
		mock_forget_answers();
		expect_group_is_home(1, IOVA);
		EQ(mock_counter("pages"), PAGES);
	}
	container_add(&ct, 1);
	expect_group_reaches(1, IOVA, area);
	container_close(&ct);
}

/* A group that another IOMMU's domain refused is not offered it again, so coming back costs no refusal. */
TEST(refusing_domain_of_another_iommu_is_asked_once, .not_on_stock = "stock asks all domains always")
{
	struct container ct;

	mock_pose_as_intel();
	container_make(&ct, 0, 1, TYPE1V2);
	container_add(&ct, 1);
	EQ(mock_counter("attach_failed"), 1);
	container_remove(&ct, 1);
	container_add(&ct, 1);
	EQ(mock_counter("attach_failed"), 1);
	container_close(&ct);
}

/* A driver that says 0 and attaches nothing, as mtk-iommu-v1 does: its devices would reach nothing, or anything. */
TEST(driver_that_lies_about_success_is_refused)
{
	struct container ct;
	uint8_t byte;

	mock_write("pose", "- mtk-iommu-v1");
	mock_answer("attach errno=0");
	container_init(&ct);
	container_add(&ct, 0);
	FAILS(DIFF(FALSE_SUCCESS_IS_REFUSED) ? ENODEV : 0, container_set_iommu(ct.fd, TYPE1V2));
	if (!DIFF(FALSE_SUCCESS_IS_REFUSED)) {
		map_pages(&ct);
		FAILS(EFAULT, mock_device_reads(0, IOVA, &byte, 1));
	}
	container_close(&ct);
	EQ(mock_counter("attach"), !DIFF(FALSE_SUCCESS_IS_REFUSED));
}

/* IOMMUs that do share domains are found out, and then nothing fails. */
TEST(compatible_instances_share_one_domain)
{
	struct mock_domain domains[4];
	struct container ct;
	uint8_t *area;
	int i;

	/* Where a domain gets its IOMMU with the first attach, as s390 has it: different instances, no error. */
	mock_write("foreign_errno", "0");
	container_make(&ct, 0, 4, TYPE1V2);
	area = map_pages(&ct);
	EQ(mock_domains(domains, 4), 1);
	EQ(domains[0].devices, 4);
	EQ(mock_counter("attach_failed"), 0);
	for (i = 0; i < 4; i++)
		expect_group_reaches(i, IOVA, area);
	container_close(&ct);
}
