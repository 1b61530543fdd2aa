// SPDX-License-Identifier: GPL-2.0-only
/* Both sides take turns, an operation each; ours comes second and compares. */
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "side.h"

static void wait_turn(struct fuzz_side *side)
{
	uint32_t *turn = &side->shared->turn;

	while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != side->which)
		fuzz_futex_wait(turn, !side->which);
}

static void pass_turn(struct fuzz_side *side)
{
	__atomic_store_n(&side->shared->turn, !side->which, __ATOMIC_SEQ_CST);
	fuzz_futex_wake(&side->shared->turn);
}

static bool has_bytes(const struct fuzz_op *op)
{
	switch (op->kind) {
	case FUZZ_DIRTY:
	case FUZZ_READ:
		return true;
	case FUZZ_UNMAP:
		return op->bitmap_bytes;
	}
	return false;
}

static bool has_arg(const struct fuzz_op *op)
{
	return op->kind >= FUZZ_INFO && op->kind <= FUZZ_UNKNOWN;
}

static struct fuzz_result result_of(const struct fuzz_op *op, const struct fuzz_pages *pages)
{
	return (struct fuzz_result){
		.ret = pages->meta.ret,
		.locked = pages->meta.locked,
		.digest = pages->meta.digest,
		.arg = has_arg(op) ? pages->arg + FUZZ_PAGE - FUZZ_ARG_BYTES : NULL,
		.bytes = has_bytes(op) ? pages->bitmap : NULL,
	};
}

/* Words about the first place where two pages differ. */
static void describe_bytes(char *text, size_t size, const char *what, const uint8_t *stock, const uint8_t *ours, size_t bytes)
{
	size_t i = 0, n = strlen(text);

	while (i < bytes && stock[i] == ours[i])
		i++;
	snprintf(text + n, size - n, "; %s byte %zu: stock %#x, ours %#x", what, i, stock[i], ours[i]);
}

static void describe(struct fuzz_shared *shared, const struct fuzz_op *op, const struct fuzz_result *stock,
		     const struct fuzz_result *ours, unsigned int different)
{
	char *text = shared->why;
	size_t size = sizeof(shared->why);

	snprintf(text, size, "returns: stock %lld, ours %lld; locked pages: stock %lld, ours %lld", (long long)stock->ret,
		 (long long)ours->ret, (long long)stock->locked, (long long)ours->locked);
	if (different & FUZZ_PART_ARG)
		describe_bytes(text, size, op->cut ? "argument page's end," : "argument,", stock->arg + FUZZ_ARG_OFFSET,
			       ours->arg + FUZZ_ARG_OFFSET, FUZZ_ARG_BYTES - FUZZ_ARG_OFFSET);
	if (different & FUZZ_PART_BYTES)
		describe_bytes(text, size, "bitmap or data,", stock->bytes, ours->bytes, FUZZ_PAGE);
	if (different & FUZZ_PART_DIGEST)
		strncat(text, "; memory differs", size - strlen(text) - 1);
}

/* Ours comes second, so it compares. Says how it goes on. */
static enum fuzz_outcome judge(struct fuzz_side *side, struct fuzz_context *context, unsigned int index)
{
	struct fuzz_shared *shared = side->shared;
	const struct fuzz_op *op = &shared->script.op[index];
	struct fuzz_result stock = result_of(op, &shared->pages[FUZZ_STOCK]), ours = result_of(op, side->pages);
	bool parted = false, leaks = false;
	unsigned int different;

	fuzz_sabotage(shared->sabotage, op, &ours, side->pages->arg + FUZZ_PAGE - FUZZ_ARG_BYTES);
	shared->ret[FUZZ_STOCK][index] = stock.ret;
	shared->ret[FUZZ_NG][index] = ours.ret;
	context->op = op;
	context->stock = &stock;
	context->ours = &ours;
	shared->steps++;
	if (fuzz_compare(context, shared->hits, &parted, &leaks, &different) == FUZZ_UNEXPLAINED) {
		describe(shared, op, &stock, &ours, different);
		shared->symptom = (struct fuzz_symptom){ different, op->kind, stock.ret, ours.ret };
		return FUZZ_DIFFERENT;
	}
	shared->leaks |= leaks;
	return parted ? FUZZ_PARTED : FUZZ_RUNNING;
}

/* All operations, or up to where the containers part; the last one in any case. */
void fuzz_side_run(struct fuzz_side *side)
{
	struct fuzz_shared *shared = side->shared;
	struct fuzz_context context = { .model = { .actors = 1 }, .kernel = shared->kernel };
	unsigned int i, last = shared->script.nr - 1;

	for (i = 0; i <= last; i++) {
		wait_turn(side);
		if (shared->outcome != FUZZ_RUNNING)
			i = last;
		fuzz_execute(side, i);
		if (side->which == FUZZ_NG && shared->outcome == FUZZ_RUNNING)
			shared->outcome = judge(side, &context, i);
		pass_turn(side);
	}
}
