/* SPDX-License-Identifier: GPL-2.0-only */
/* Is what stock did and what ours did the same, and if not, is there a rule for it? */
#ifndef NG_FUZZ_COMPARE_H
#define NG_FUZZ_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "script.h"
#include "model.h"

#define FUZZ_MAX_RULES	64

/* The parts of a result. */
#define FUZZ_PART_RET	1u	/* the return value or -errno */
#define FUZZ_PART_ARG	2u	/* the structure, and the bytes around it */
#define FUZZ_PART_BYTES	4u	/* the bitmap or the data, and the bytes around it */
#define FUZZ_PART_LOCKED	8u	/* locked memory of the process */
#define FUZZ_PART_DIGEST	16u	/* what is in its memory */
#define FUZZ_PART_ORDER	32u	/* no order explains what calls made at once returned */

/* What an operation came to on one side. */
struct fuzz_result {
	int64_t ret;
	int64_t locked;			/* pages; -1: not looked at */
	uint64_t digest;		/* 0: not looked at */
	const uint8_t *arg;		/* FUZZ_ARG_BYTES */
	const uint8_t *bytes;		/* FUZZ_PAGE, or NULL if the kind has none */
};

/* What the comparison knows besides the two results. */
struct fuzz_context {
	const struct fuzz_op *op;
	const struct fuzz_result *stock, *ours;
	struct fuzz_model model;	/* before the operation; what is mapped on both sides */
	unsigned int facts;		/* FACT_*, of the stock module */
};

enum fuzz_verdict {
	FUZZ_EQUAL,
	FUZZ_EXPLAINED,
	FUZZ_UNEXPLAINED,
};

/* Ways to make the comparison see what is not there, so that a test can see it fail. */
enum fuzz_sabotage {
	FUZZ_HONEST,
	FUZZ_WRONG_ERRNO,	/* ours refuses to map read-only memory with another errno */
	FUZZ_WRONG_BYTE,	/* ours writes behind the structure of GET_INFO */
	FUZZ_WRONG_CHARGE,	/* ours charges a page more once it has charged more than eight */
	FUZZ_WRONG_ORDER,	/* of calls made at once, ours lets one map what is mapped */
};

void fuzz_sabotage(enum fuzz_sabotage how, const struct fuzz_op *op, struct fuzz_result *ours, uint8_t *arg);

/**
 * fuzz_compare() - judge an operation
 * @context: all about it; the model is brought up to date
 * @hits: counts for each rule how often it explained something
 * @parted: set if a rule says that from here on the containers are not alike
 * @leaks: set if a rule says that stock may keep something
 * @different: set to the parts that differ and that no rule explains
 */
enum fuzz_verdict fuzz_compare(struct fuzz_context *context, unsigned int *hits, bool *parted, bool *leaks,
			       unsigned int *different);

#endif
