// SPDX-License-Identifier: GPL-2.0-only
/*
 * Judging a raw errno: a row of the rule table, else an errno that never means incompatibility, else the safe side.
 *
 * The safe side is "incompatible": if that is wrong, the caller tries one fresh domain too many, and that domain's
 * failure is the true error.  A wrong "hard" would refuse a group that the stock module accepts.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "judge.h"

/* Whatever the driver, another domain does not help against these. */
static const int never_incompatible[] = { ENOMEM, EINTR, ERESTARTSYS, EAGAIN, ETIMEDOUT };

/* On a kernel that mixes generations the safe side is what one of them calls incompatible. */
static bool covers_generation(const struct emt_rule *rule, enum emt_generation generation)
{
	const enum emt_generation covered = emt_rule_generation(rule) & generation;

	return rule->verdict == EMT_HARD ? covered == generation : covered;
}

static bool applies(const struct emt_rule *rule, const struct emt_facts *facts)
{
	return (rule->driver == EMT_DRIVER_UNKNOWN || rule->driver == facts->driver) &&
	       (facts->evidence & rule->evidence) == rule->evidence &&
	       covers_generation(rule, facts->generation);
}

/**
 * emt_find_rule() - look up the row of the rule table that applies
 * @facts: what was known before the attach
 * @error: what it returned, negative, or EMT_UNASKED
 *
 * Return: the row, or NULL.
 */
const struct emt_rule *emt_find_rule(const struct emt_facts *facts, int error)
{
	const struct emt_rule *rule;

	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++)
		if (rule->error == -error && applies(rule, facts))
			return rule;
	return NULL;
}

/**
 * emt_predict() - say what is known without asking the driver
 * @facts: what is known about the attach
 *
 * Return: the row that decides, or NULL if the driver has to be asked.
 */
const struct emt_rule *emt_predict(const struct emt_facts *facts)
{
	const struct emt_rule *rule;

	if (!(emt_unasked_drivers & BIT(facts->driver)) && !(facts->evidence & emt_unasked_evidence))
		return NULL;

	/* Those rows stand first. */
	for (rule = emt_rules; rule < emt_rules + emt_nr_rules && rule->error == EMT_UNASKED; rule++)
		if (applies(rule, facts))
			return rule;
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

/**
 * emt_verdict_name() - name what became of an attach
 * @verdict: what its errno means, if it failed
 * @raw: what it returned
 *
 * Return: a word, shorter than EMT_TRACE_VERDICT_LEN.
 */
const char *emt_verdict_name(enum emt_verdict verdict, int raw)
{
	static const char *const names[] = {
		[EMT_HARD] = "hard", [EMT_INCOMPATIBLE] = "incompatible", [EMT_UNKNOWN] = "unknown",
	};

	return raw ? names[verdict] : "attached";
}
