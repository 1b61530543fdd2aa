// SPDX-License-Identifier: GPL-2.0-only
/*
 * Judging a raw errno: a row of the rule table, else an errno that never means incompatibility, else the safe side.
 *
 * The safe side is "incompatible": if that is wrong, the caller tries one fresh domain too many, and that domain's
 * failure is the true error.  A wrong "hard" would refuse a group that the stock module accepts.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "judge.h"

/* Whatever the driver, another domain does not help against these. */
static const int never_incompatible[] = { ENOMEM, EINTR, ERESTARTSYS, EAGAIN, ETIMEDOUT };

/* On a kernel that mixes generations the safe side is what one of them calls incompatible. */
static bool covers_generation(const struct emt_rule *rule, enum emt_generation generation)
{
	if (rule->verdict == EMT_HARD)
		return (rule->generation & generation) == generation;
	return rule->generation & generation;
}

/**
 * emt_find_rule() - look up the row of the rule table that applies
 * @facts: what was known before the attach
 * @error: what it returned, negative
 *
 * Return: the row, or NULL.
 */
const struct emt_rule *emt_find_rule(const struct emt_facts *facts, int error)
{
	const struct emt_rule *rule;

	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++) {
		if (rule->error != -error || !covers_generation(rule, facts->generation))
			continue;
		if (rule->driver != EMT_DRIVER_UNKNOWN && rule->driver != facts->driver)
			continue;
		if ((facts->evidence & rule->evidence) == rule->evidence)
			return rule;
	}
	return NULL;
}

/**
 * emt_judge() - say what a failed attach means
 * @facts: what was known before the attach
 * @error: what it returned, negative
 *
 * Return: EMT_HARD, EMT_INCOMPATIBLE, or EMT_UNKNOWN, which a caller treats as incompatible.
 */
enum emt_verdict emt_judge(const struct emt_facts *facts, int error)
{
	const struct emt_rule *rule = emt_find_rule(facts, error);
	unsigned int i;

	if (rule)
		return rule->verdict;

	/* A kernel that carries the series itself has nothing left to translate. */
	if (error == -EMEDIUMTYPE)
		return EMT_INCOMPATIBLE;

	for (i = 0; i < ARRAY_SIZE(never_incompatible); i++)
		if (error == -never_incompatible[i])
			return EMT_HARD;
	return EMT_UNKNOWN;
}
