// SPDX-License-Identifier: GPL-2.0-only
/* The rule table as Markdown. */
#define _GNU_SOURCE	/* strerrorname_np() */
#include <string.h>
#include <iommu_emt/judge.h>

#include "rules_table.h"

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	unsigned int bit;
	const char *name;
} releases[] = {
	{ EMT_5_10, "5.10" }, { EMT_6_1, "6.1" }, { EMT_6_12, "6.12" }, { EMT_7_3, "7.3" },
};

static const struct {
	unsigned int bit;
	const char *text;
} evidences[] = {
	{ EMT_FOREIGN_DOMAIN, "the domain is another driver's" },
	{ EMT_DIRTY_TRACKING_DIFFERS, "only the domain tracks dirty pages" },
	{ EMT_DOMAIN_UNUSED, "the domain was never attached" },
	{ EMT_DOMAIN_USED, "the domain has been attached" },
	{ EMT_DOMAIN_HAS_GROUPS, "the domain serves a group" },
	{ EMT_SAME_INSTANCE, "it serves groups of the same IOMMU" },
	{ EMT_OTHER_INSTANCE, "it serves groups of another IOMMU" },
};

/* The columns of a table: one, the releases, then @nr_rest more. */
static void print_heading(FILE *out, const char *first, const char *rest, unsigned int nr_rest)
{
	unsigned int i;

	fprintf(out, "\n| %s", first);
	for (i = 0; i < ARRAY_LEN(releases); i++)
		fprintf(out, " | %s", releases[i].name);
	fprintf(out, "%s |\n|---|", rest);
	for (i = 0; i < ARRAY_LEN(releases) + nr_rest; i++)
		fputs("---|", out);
	fputs("\n", out);
}

static void print_errno(FILE *out, int error)
{
	if (error == EMT_UNASKED)
		fputs("not asked", out);
	else
		fprintf(out, "`%s`", strerrorname_np(error));
}

static void print_evidence(FILE *out, unsigned int evidence)
{
	const char *separator = "";
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(evidences); i++) {
		if (!(evidence & evidences[i].bit))
			continue;
		fprintf(out, "%s%s", separator, evidences[i].text);
		separator = ", ";
	}
}

static void print_rule(FILE *out, const struct emt_rule *rule)
{
	unsigned int i;

	fputs("| ", out);
	print_errno(out, rule->error);
	for (i = 0; i < ARRAY_LEN(releases); i++)
		fputs(rule->releases & releases[i].bit ? " | x" : " | ", out);
	fputs(" | ", out);
	print_evidence(out, rule->evidence);
	fprintf(out, " | %s | %s | `%s` |\n", rule->verdict == EMT_HARD ? "error" : "**incompatible**", rule->reason,
		rule->function);
}

static const struct emt_rule *next_rule(const struct emt_rule *rule, enum emt_driver driver)
{
	while (rule < emt_rules + emt_nr_rules && rule->driver != driver)
		rule++;
	return rule < emt_rules + emt_nr_rules ? rule : NULL;
}

static void print_rules(FILE *out, enum emt_driver driver)
{
	const struct emt_rule *rule = next_rule(emt_rules, driver);

	if (!rule)
		return;
	print_heading(out, "errno", " | if | means | because | in", 4);
	for (; rule; rule = next_rule(rule + 1, driver))
		print_rule(out, rule);
}

static void print_marks(FILE *out, const struct emt_driver_info *info)
{
	if (info->class_prefix)
		fprintf(out, "Known by IOMMUs whose names begin with `%s`.\n", info->class_prefix);
	if (info->parent_driver)
		fprintf(out, "%s by parents of IOMMUs whose driver is `%s`.\n", info->class_prefix ? "Or" : "Known",
			info->parent_driver);
	if (info->never_incompatible)
		fprintf(out, "Nothing that it returns means incompatible: %s.\n", info->never_incompatible);
}

/* Which errnos of the release mean "incompatible" for the driver, at least sometimes. */
static void print_soft_errnos(FILE *out, enum emt_driver driver, unsigned int release)
{
	const struct emt_rule *rule;
	const char *separator = "";

	for (rule = next_rule(emt_rules, driver); rule; rule = next_rule(rule + 1, driver)) {
		if (rule->verdict == EMT_HARD || rule->error == EMT_UNASKED || !(rule->releases & release))
			continue;
		fputs(separator, out);
		print_errno(out, rule->error);
		separator = ", ";
	}
}

static void print_overview(FILE *out)
{
	enum emt_driver driver;
	unsigned int i;

	fputs("\n## What means \"incompatible\"\n", out);
	print_heading(out, "driver", "", 0);
	for (driver = EMT_DRIVER_UNKNOWN; driver < EMT_DRIVER_COUNT; driver++) {
		fprintf(out, "| %s", driver == EMT_DRIVER_UNKNOWN ? "any" : emt_drivers[driver].name);
		for (i = 0; i < ARRAY_LEN(releases); i++) {
			fputs(" | ", out);
			print_soft_errnos(out, driver, releases[i].bit);
		}
		fputs(" |\n", out);
	}
}

/**
 * rules_table_print() - print the rules, an overview first and then driver by driver
 * @out: where to
 */
void rules_table_print(FILE *out)
{
	enum emt_driver driver;

	print_overview(out);
	fputs("\n## any driver\n", out);
	print_rules(out, EMT_DRIVER_UNKNOWN);
	for (driver = EMT_DRIVER_UNKNOWN + 1; driver < EMT_DRIVER_COUNT; driver++) {
		fprintf(out, "\n## %s\n\n", emt_drivers[driver].name);
		print_marks(out, &emt_drivers[driver]);
		print_rules(out, driver);
	}
}
