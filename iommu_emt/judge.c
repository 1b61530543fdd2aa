// SPDX-License-Identifier: GPL-2.0-only
/*
 * An errno without a row counts as incompatible, unless it never means that. If
 * that is wrong, the fresh domain fails too, and with the true error. A wrong
 * EMT_HARD would refuse a group that the stock module accepts.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "judge.h"

/* Another domain does not help against these, whatever the driver. */
static const int never_incompatible[] = { ENOMEM, EINTR, ERESTARTSYS, EAGAIN, ETIMEDOUT };

/* With drivers of both generations, EMT_HARD must hold for both. */
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

/* @error is negative, or EMT_UNASKED. */
const struct emt_rule *emt_find_rule(const struct emt_facts *facts, int error)
{
	const struct emt_rule *rule;

	for (rule = emt_rules; rule < emt_rules + emt_nr_rules; rule++)
		if (rule->error == -error && applies(rule, facts))
			return rule;
	return NULL;
}

/* The EMT_UNASKED rule that applies, or NULL if the driver must be called. */
const struct emt_rule *emt_predict(const struct emt_facts *facts)
{
	const struct emt_rule *rule;

	if (!(emt_unasked_drivers & BIT(facts->driver)) && !(facts->evidence & emt_unasked_evidence))
		return NULL;

	/* These rows stand first. */
	for (rule = emt_rules; rule < emt_rules + emt_nr_rules && rule->error == EMT_UNASKED; rule++)
		if (applies(rule, facts))
			return rule;
	return NULL;
}

/* @error is negative. Callers treat EMT_UNKNOWN as EMT_INCOMPATIBLE. */
enum emt_verdict emt_judge(const struct emt_facts *facts, int error)
{
	const struct emt_rule *rule = emt_find_rule(facts, error);
	unsigned int i;

	if (rule)
		return rule->verdict;

	/* From a kernel that has the -EMEDIUMTYPE series. */
	if (error == -EMEDIUMTYPE)
		return EMT_INCOMPATIBLE;

	for (i = 0; i < ARRAY_SIZE(never_incompatible); i++)
		if (error == -never_incompatible[i])
			return EMT_HARD;
	return EMT_UNKNOWN;
}

/* Words shorter than EMT_TRACE_VERDICT_LEN. */
const char *emt_verdict_name(enum emt_verdict verdict, int raw)
{
	static const char *const names[] = {
		[EMT_HARD] = "hard", [EMT_INCOMPATIBLE] = "incompatible", [EMT_UNKNOWN] = "unknown",
	};

	return raw ? names[verdict] : "attached";
}
