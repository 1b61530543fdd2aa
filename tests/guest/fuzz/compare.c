// SPDX-License-Identifier: GPL-2.0-only
/* Compare two results, byte for byte, and look for a rule where they differ. */
#include <errno.h>
#include <string.h>

#include "layout.h"
#include "rules.h"

static unsigned int differing_parts(const struct fuzz_result *stock, const struct fuzz_result *ours)
{
	unsigned int parts = 0;

	if (stock->ret != ours->ret)
		parts |= FUZZ_PART_RET;
	if (stock->locked != ours->locked)
		parts |= FUZZ_PART_LOCKED;
	if (stock->digest != ours->digest)
		parts |= FUZZ_PART_DIGEST;
	if (stock->arg && memcmp(stock->arg, ours->arg, FUZZ_ARG_BYTES))
		parts |= FUZZ_PART_ARG;
	if (stock->bytes && memcmp(stock->bytes, ours->bytes, FUZZ_PAGE))
		parts |= FUZZ_PART_BYTES;
	return parts;
}

/* Takes out of the differing parts those that the rules of this kernel excuse. */
static unsigned int excuse(const struct fuzz_context *context, unsigned int different, unsigned int *hits, bool *parted, bool *leaks)
{
	unsigned int left = different, i;

	for (i = 0; i < fuzz_nr_rules; i++) {
		const struct fuzz_rule *rule = &fuzz_rules[i];
		struct fuzz_match match = {};

		if (!rule->until || !(context->facts & rule->until))
			match = rule->match(context);
		/* A rule about this difference, or about what will only be seen later. */
		if (!match.matches || (different ? !(match.parts & left) : match.then == FUZZ_GOES_ON))
			continue;
		left &= ~match.parts;
		hits[i]++;
		*parted |= match.then != FUZZ_GOES_ON;
		*leaks |= match.then == FUZZ_LEAKS;
	}
	return left;
}

enum fuzz_verdict fuzz_compare(struct fuzz_context *context, unsigned int *hits, bool *parted, bool *leaks,
			       unsigned int *different)
{
	unsigned int parts = differing_parts(context->stock, context->ours);

	*different = excuse(context, parts, hits, parted, leaks);
	if (!context->ours->ret)
		fuzz_model_apply(&context->model, context->op);
	if (*different)
		return FUZZ_UNEXPLAINED;
	return parts || *parted ? FUZZ_EXPLAINED : FUZZ_EQUAL;
}

void fuzz_sabotage(enum fuzz_sabotage how, const struct fuzz_op *op, struct fuzz_result *ours, uint8_t *arg)
{
	switch (how) {
	case FUZZ_HONEST:
		return;
	case FUZZ_WRONG_ERRNO:
		if (op->kind == FUZZ_MAP && ours->ret == -EFAULT)
			ours->ret = -EPERM;
		return;
	case FUZZ_WRONG_BYTE:
		if (op->kind == FUZZ_INFO && !ours->ret && !op->cut)
			arg[FUZZ_ARG_OFFSET + 600] ^= 1;
		return;
	case FUZZ_WRONG_CHARGE:
		if (op->kind == FUZZ_MAP && !ours->ret && ours->locked > 8)
			ours->locked++;
		return;
	case FUZZ_WRONG_ORDER:
		if (op->beside && ours->ret == -EEXIST)
			ours->ret = 0;
		return;
	}
}
