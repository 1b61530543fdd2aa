// SPDX-License-Identifier: GPL-2.0-only
/*
 * What iommu_emt promises to a module that calls it (iommu_emt.h), with groups that nobody owns:
 * after a refusal every device is where it was, whatever the core undoes by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/file.h"
#include "mock.h"

#define NOT_ON_STOCK	"stock has no such contract"
#define SIZE		3

struct answer {
	int returned;
	int asked;	/* how often the driver was asked to attach a device */
	int beside;	/* what the call beside it returned */
};

/* Asks as tests/mock_iommu/emt.c understands it. */
static struct answer ask(int device, const char *words)
{
	struct answer answer;
	char *text;

	mock_write("emt", "%d %s", device, words);
	text = mock_text("emt");
	EQ(sscanf(text, "returned %d asked %d beside %d", &answer.returned, &answer.asked,
		  &answer.beside), 3);
	free(text);
	return answer;
}

/* --- groups of several --- */

static int group_of_three(void)
{
	if (mock.first_several == nr_devices || mock.group[mock.first_several].size != SIZE)
		test_skip("there is no group of %d", SIZE);
	return mock.first_several;
}

/* A refusal of one device of a group. */
struct refusal {
	const char *words;
	int member;
	int err;
	bool drops;	/* the device has lost its former translation by then */
	int lies;	/* so many devices only seem to go home, from the first on that is sent there */
};

static void expect_group_stayed(int group, const struct mock_device *was,
				const struct refusal *refusal)
{
	int i;

	for (i = 0; i < SIZE; i++) {
		const struct mock_device is = mock_device(mock.group[group].device[i]);

		if (strcmp(is.place, was[i].place) || is.domain != was[i].domain) {
			ktap_diag("\"%s\", member %d refuses with %d, drops %d, lies %d",
				  refusal->words, refusal->member, refusal->err, refusal->drops,
				  refusal->lies);
			ktap_diag("member %d was in %s %d, is in %s %d", i, was[i].place, was[i].domain,
				  is.place, is.domain);
			TRUE(false);
		}
	}
	EQ(mock_counter("free_in_use"), 0);
	EQ(mock_counter("alloc"), mock_counter("free"));
}

static void refuse(int group, const struct refusal *refusal)
{
	struct mock_device was[SIZE];
	struct answer answer;
	int i;

	for (i = 0; i < SIZE; i++)
		was[i] = mock_device(mock.group[group].device[i]);
	mock_write("refusal_drops", refusal->drops ? "Y" : "N");
	mock_answer("attach member=%d errno=%d count=1", refusal->member, refusal->err);
	if (refusal->lies)
		mock_answer("home errno=0 count=%d", refusal->lies);
	answer = ask(mock.group[group].device[0], refusal->words);
	TRUE(answer.returned == -EMEDIUMTYPE || answer.returned == -refusal->err);
	EQ(answer.asked, refusal->member + 1);
	EQ(mock_answers_given(), 1 + refusal->lies);
	mock_forget_answers();
	expect_group_stayed(group, was, refusal);
}

/*
 * New cores, since Linux 7.0, take it for granted that a driver that refuses a device leaves it as it was,
 * and attach only the other devices of the group again.
 */
static int kinds_of_refusal(void)
{
	return env.facts & FACT_CORE_SPARES_THE_REFUSER ? 1 : 2;
}

/* Each way to attach, each device of the group, each kind of refusal. */
static void refuse_in_every_way(int group, int lies)
{
	static const char *const words[] = { "", "same", "fresh" };
	const int errors[] = { mock_pose_as_intel(), ENOMEM, EBADSLT, EBUSY };
	unsigned int way, error;
	int member, drops;

	mock_counters_reset();
	for (way = 0; way < sizeof(words) / sizeof(words[0]); way++)
		for (error = 0; error < sizeof(errors) / sizeof(errors[0]); error++)
			for (member = 0; member < SIZE; member++)
				for (drops = 0; drops < kinds_of_refusal(); drops++)
					refuse(group, &(struct refusal){
						.words = words[way], .member = member,
						.err = errors[error], .drops = drops,
						.lies = lies,
					});
}

TEST(refused_group_is_where_it_was, .seconds = 120, .not_on_stock = NOT_ON_STOCK)
{
	refuse_in_every_way(group_of_three(), 0);
}

/* Of such a core iommu_emt knows for sure that it puts groups back, and does nothing of the kind itself. */
static bool core_is_trusted(void)
{
	return headers_have("DOMAIN_OWNER");
}

/* The core puts groups back itself; to look like one that does not, it is lied to about so many devices. */
static int lies_to_core(int devices)
{
	return env.facts & FACT_CORE_TAKES_HOME ? devices : 0;
}

/*
 * The same on a core that puts no group back, as 5.10 and early 6.1 and 6.2 are. A later one is
 * made to look so: devices that it sends home stay where they are, and say that they went.
 */
TEST(group_that_the_core_leaves_half_attached_is_where_it_was, .seconds = 120,
     .not_on_stock = NOT_ON_STOCK)
{
	if (core_is_trusted())
		test_skip("every core puts groups back on this kernel");
	refuse_in_every_way(group_of_three(), lies_to_core(SIZE));
}

/*
 * A group that has no home is sent to a scratch domain, and a device of it refuses that one, too.
 * Nobody knows which of the two domains the others are on, so neither is freed.
 */
TEST(scratch_domain_that_a_device_may_be_on_is_not_freed, .domains_differ = true,
     .not_on_stock = NOT_ON_STOCK)
{
	const int group = group_of_three(), first = mock.group[group].device[0];
	const int lies = lies_to_core(2 * SIZE);

	if (core_is_trusted())
		test_skip("every core puts groups back on this kernel");
	mock_answer("attach member=1 errno=%d count=2", EIO);
	if (lies)
		mock_answer("home errno=0 count=%d", lies);
	fault("iommu_get_domain_for_dev", 1, 100, 0);
	EQ(ask(first, "same").returned, -ENOTRECOVERABLE);
	fault_disarm();
	EQ(mock_answers_given(), 2 + lies);
	mock_forget_answers();
	EQ(mock_counter("free_in_use"), 0);
	EQ(mock_counter("alloc") - mock_counter("free"), 2);
	TRUE(!strcmp(mock_device(first).place, "domain"));

	/* An attach that works takes it off that domain. */
	mock_counters_reset();
	EQ(ask(first, "same").returned, 0);
	expect_group_is_home(group, IOVA);
}

/* --- what is said of it --- */

#define TRACE		"/sys/kernel/tracing/instances/type1-mock/"
#define UNKNOWN		"/sys/kernel/debug/iommu_emt/unknown"

static void trace_start(void)
{
	rmdir(TRACE);
	if (mkdir(TRACE, 0700))
		test_skip("no tracing instances");
	OK(file_write(TRACE "events/iommu_emt/enable", "1"));
}

static void trace_stop(char *text, size_t size)
{
	file_write(TRACE "events/iommu_emt/enable", "0");
	OK(file_read(TRACE "trace", text, size));
	rmdir(TRACE);
}

static void expect_traced(const char *text, int raw, int final, const char *verdict)
{
	char words[64];

	snprintf(words, sizeof(words), " raw=%d final=%d verdict=%s", raw, final, verdict);
	if (strstr(text, words))
		return;
	ktap_diag("not in the trace: %s; it says:\n%s", words, text);
	TRUE(!"the trace says so");
}

/* One attach that the driver refuses: the event has what the caller is told. */
static void expect_event_of(const char *words, int err, const char *verdict)
{
	static char text[8192];
	struct answer answer;

	mock_answer("attach errno=%d count=1", err);
	trace_start();
	answer = ask(0, words);
	trace_stop(text, sizeof(text));
	mock_forget_answers();
	expect_traced(text, -err, answer.returned, verdict);
}

TEST(event_has_what_the_caller_is_told, .not_on_stock = NOT_ON_STOCK)
{
	static const char *const words[] = { "", "same", "fresh" };
	const int soft = mock_pose_as_intel();
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		expect_event_of(words[i], soft, "incompatible");
		expect_event_of(words[i], ENOMEM, "hard");
		expect_event_of(words[i], EBADSLT, "unknown");
	}
}

TEST(event_has_enotrecoverable, .domains_differ = true, .not_on_stock = NOT_ON_STOCK)
{
	const int group = group_of_three(), first = mock.group[group].device[0];
	static char text[8192];

	if (env.facts & FACT_CORE_TAKES_HOME)
		test_skip("no attach fails so on this kernel");
	mock_pose_as_intel();
	mock_answer("attach member=1 errno=%d count=1", EFAULT);
	mock_answer("home errno=%d member=0 count=1", EIO);
	trace_start();
	EQ(ask(first, "").returned, -ENOTRECOVERABLE);
	trace_stop(text, sizeof(text));
	mock_forget_answers();
	expect_traced(text, -EFAULT, -ENOTRECOVERABLE, "incompatible");
	mock_counters_reset();
	EQ(ask(first, "").returned, 0);
	expect_group_is_home(group, IOVA);
}

static long unknown_count(int error)
{
	char text[4096], *line;
	int len = OK(file_read(UNKNOWN, text, sizeof(text)));

	TRUE(len < (int)sizeof(text) - 1);
	for (line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
		int errno_column;
		long count;

		if (sscanf(line, "\n%*s%d%ld", &errno_column, &count) == 2 && errno_column == error)
			return count;
	}
	return 0;
}

/* The first group of a container, and in most machines the only one. */
TEST(unknown_errno_to_a_fresh_domain_is_counted, .not_on_stock = NOT_ON_STOCK)
{
	struct container ct;
	long before;

	mock_pose_as_intel();
	before = unknown_count(EBADRQC);
	mock_answer("attach errno=%d count=1", EBADRQC);
	EQ(ask(0, "fresh").returned, -EBADRQC);
	EQ(unknown_count(EBADRQC), before + 1);
	mock_forget_answers();

	mock_answer("attach errno=%d count=1", EBADRQC);
	container_init(&ct);
	container_add(&ct, 0);
	FAILS(EBADRQC, container_set_iommu(ct.fd, TYPE1V2));
	container_close(&ct);
	EQ(unknown_count(EBADRQC), before + 2);
}

/* It would take that for one of its own. */
TEST(driver_is_never_given_a_domain_of_another, .not_on_stock = NOT_ON_STOCK)
{
	static const char *const words[] = { "foreign", "foreign same", "foreign fresh" };
	struct answer answer;
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		answer = ask(0, words[i]);
		EQ(answer.returned, i == 2 ? -EINVAL : -EMEDIUMTYPE);
		EQ(answer.asked, 0);
	}
}

/* --- two at a time --- */

/*
 * Two groups are attached to a domain that no group was attached to. Whoever comes second finds it
 * used, and that is the reason of what it is told, although it was not when it came.
 */
static void race_for_a_domain(int first, int second, const char *prefix, const char *driver,
			      int asked)
{
	struct answer answer;
	char words[32];

	mock_write("pose", "%s %s", prefix, driver);
	mock_write("foreign_errno", "%d", EINVAL);
	mock_write("attach_ms", "200");
	snprintf(words, sizeof(words), "beside=%d", mock.group[second].device[0]);
	answer = ask(mock.group[first].device[0], words);
	mock_write("attach_ms", "0");
	ktap_diag("%s%s: one was told %d, the other %d, and the driver was asked %d times",
		  prefix, driver, answer.returned, answer.beside, answer.asked);
	/* Either may have been the first. */
	TRUE(!answer.returned != !answer.beside);
	EQ(answer.returned + answer.beside, -EMEDIUMTYPE);
	EQ(answer.asked, asked);
}

TEST(two_groups_race_for_an_unused_domain, .not_on_stock = NOT_ON_STOCK)
{
	NEED_DEVICES(2);
	/* -EINVAL of this driver is a real error only if the domain is unused. */
	race_for_a_domain(0, 1, "smmu.", "-", 2);
	/* To a second group this driver would say 0, and programs nothing. */
	race_for_a_domain(0, mock.iommus, "-", "qcom-iommu", 1);
}
