// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule table of iommu_emt in the kernel: the mock poses as each driver, shows what a rule may ask for,
 * answers an errno, and what iommu_emt says has to be what the table says. The table is compiled in from the
 * module's own source.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../iommu_emt/judge.h"
#include "mock.h"

#define DEVICE		0
#define MAX_RULES	512

/* What the mock can be told to show of a domain, and as what evidence that counts. */
static const struct {
	const char *words;
	unsigned int evidence;
} kinds[] = {
	{ "", 0 },
	{ "same", EMT_DOMAIN_HAS_GROUPS | EMT_SAME_INSTANCE },
	{ "other", EMT_DOMAIN_HAS_GROUPS | EMT_OTHER_INSTANCE },
	{ "foreign", EMT_FOREIGN_DOMAIN },
};

/* One attempt, and what became of it. */
struct attempt {
	struct emt_facts facts;
	char words[64];
	int error;		/* that the driver answers, positive; 0: it attaches */
	int returned;
	int asked;
};

static bool reached[MAX_RULES];
static unsigned int nr_attempts;

static enum emt_generation generation(void)
{
	return (attach_errnos() & ERRNOS_OF_EACH_DRIVER ? EMT_GEN_UNDOCUMENTED : 0) |
	       (attach_errnos() & ERRNOS_DOCUMENTED ? EMT_GEN_DOCUMENTED : 0);
}

static void ask(struct attempt *attempt)
{
	char *text, *asked;

	if (attempt->error)
		mock_answer("attach errno=%d count=1", attempt->error);
	mock_write("emt", "%d %s", DEVICE, attempt->words);
	mock_forget_answers();
	text = mock_text("emt");
	asked = strstr(text, "asked ");
	TRUE(asked && sscanf(text, "returned %d", &attempt->returned) == 1);
	attempt->asked = atoi(asked + strlen("asked "));
	free(text);
	nr_attempts++;
}

static void expect(const struct attempt *attempt, int returned, int asked)
{
	if (attempt->returned == returned && attempt->asked == asked)
		return;
	ktap_diag("driver %s, errno %d, domain \"%s\": returned %d after %d attaches, the table says %d after %d",
		  emt_drivers[attempt->facts.driver].name, attempt->error, attempt->words, attempt->returned,
		  attempt->asked, returned, asked);
	EQ(attempt->returned, returned);
	EQ(attempt->asked, asked);
}

static void check(struct attempt *attempt)
{
	const struct emt_rule *predicted = emt_predict(&attempt->facts);
	const struct emt_rule *rule = attempt->error ? emt_find_rule(&attempt->facts, -attempt->error) : NULL;
	enum emt_verdict verdict = attempt->error ? emt_judge(&attempt->facts, -attempt->error) : EMT_HARD;

	ask(attempt);
	if (predicted) {
		reached[predicted - emt_rules] = true;
		expect(attempt, predicted->verdict == EMT_HARD ? -ENODEV : -EMEDIUMTYPE, 0);
		return;
	}
	if (rule)
		reached[rule - emt_rules] = true;
	expect(attempt, verdict == EMT_HARD ? -attempt->error : -EMEDIUMTYPE, 1);
}

/* One errno with everything that a domain can show. */
static void check_error(enum emt_driver driver, int error)
{
	const bool can_track = headers_have("CAP_DIRTY_TRACKING");
	int used, dirty;
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (used = 0; used < 2; used++)
			for (dirty = 0; dirty <= can_track; dirty++) {
				struct attempt attempt = { .error = error };

				attempt.facts.driver = driver;
				attempt.facts.generation = generation();
				attempt.facts.evidence = kinds[i].evidence |
					(used ? EMT_DOMAIN_USED : EMT_DOMAIN_UNUSED) |
					(dirty ? EMT_DIRTY_TRACKING_DIFFERS : 0);
				snprintf(attempt.words, sizeof(attempt.words), "%s %s %s", kinds[i].words,
					 used ? "used" : "", dirty ? "dirty" : "");
				check(&attempt);
			}
}

static bool names_error(enum emt_driver driver, int error)
{
	unsigned int i;

	for (i = 0; i < emt_nr_rules; i++)
		if (emt_rules[i].error == error &&
		    (emt_rules[i].driver == driver || emt_rules[i].driver == EMT_DRIVER_UNKNOWN))
			return true;
	return false;
}

/* Every errno that a rule names for the driver, success, and some that none does. */
static void check_driver(enum emt_driver driver)
{
	static const int others[] = { 0, ENOMEM, EINTR, E2BIG, EMEDIUMTYPE };
	unsigned int i;
	int error;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		check_error(driver, others[i]);
	for (error = 1; error < 134; error++)
		if (names_error(driver, error) && error != ENOMEM && error != EINTR && error != E2BIG &&
		    error != EMEDIUMTYPE)
			check_error(driver, error);
}

static bool can_pose_as(enum emt_driver driver)
{
	return driver == EMT_DRIVER_UNKNOWN || emt_drivers[driver].class_prefix || emt_drivers[driver].parent_driver;
}

static void pose_as(enum emt_driver driver)
{
	mock_write("pose", "%s %s", emt_drivers[driver].class_prefix ?: "-", emt_drivers[driver].parent_driver ?: "-");
}

static bool applies_here(const struct emt_rule *rule)
{
	if (rule->evidence & EMT_DIRTY_TRACKING_DIFFERS && !headers_have("CAP_DIRTY_TRACKING"))
		return false;
	return can_pose_as(rule->driver) && emt_rule_generation(rule) & generation();
}

TEST(every_rule_decides_in_the_kernel_as_it_says, .seconds = 400, .not_on_stock = "stock has no rules")
{
	unsigned int i, nr = 0, missing = 0;
	enum emt_driver driver;

	TRUE(emt_nr_rules <= MAX_RULES);
	/* A domain made for the device is the device's IOMMU's; nothing but the table is to speak against it. */
	mock_write("foreign_errno", "0");
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++) {
		if (!can_pose_as(driver))
			continue;
		pose_as(driver);
		check_driver(driver);
	}
	for (i = 0; i < emt_nr_rules; i++) {
		if (!applies_here(&emt_rules[i]))
			continue;
		nr++;
		if (reached[i])
			continue;
		missing++;
		ktap_diag("no domain is decided by rule %u: driver %s, errno %d, %s", i,
			  emt_drivers[emt_rules[i].driver].name, emt_rules[i].error, emt_rules[i].reason);
	}
	ktap_diag("%u attaches, %u rules apply on this kernel", nr_attempts, nr);
	EQ(missing, 0);
}
