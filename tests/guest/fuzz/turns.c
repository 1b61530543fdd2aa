// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both sides take turns: stock does some operations and keeps the results, ours does the same ones
 * and compares. Calls that meet and are made at once come the other way round: ours makes them, and
 * stock makes them in an order that explains what ours got. To go on with another process costs an
 * emulated CPU more than most operations do: it forgets where memory and translated code are.
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"
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

/* The end of the argument page, which is all of it that is used. */
static uint8_t *arg_of(struct fuzz_pages *pages)
{
	return pages->arg + FUZZ_PAGE - FUZZ_ARG_BYTES;
}

static struct fuzz_result result_of(const struct fuzz_op *op, struct fuzz_pages *pages)
{
	return (struct fuzz_result){
		.ret = pages->meta.ret,
		.locked = pages->meta.locked,
		.digest = pages->meta.digest,
		.arg = has_arg(op) ? arg_of(pages) : NULL,
		.bytes = has_bytes(op) ? pages->bitmap : NULL,
	};
}

/* --- what stock did, until ours does it --- */

static void keep(struct fuzz_side *side, const struct fuzz_op *op, unsigned int slot)
{
	struct fuzz_record *record = &side->shared->record[slot];

	record->result = result_of(op, side->pages);
	if (record->result.arg)
		record->result.arg = memcpy(record->arg, record->result.arg, sizeof(record->arg));
	if (record->result.bytes)
		record->result.bytes = memcpy(side->shared->record_bytes[slot], record->result.bytes,
					      FUZZ_PAGE);
}

/* The same in this process, which may have it at another address. */
static struct fuzz_result kept(struct fuzz_shared *shared, unsigned int slot)
{
	struct fuzz_result result = shared->record[slot].result;

	if (result.arg)
		result.arg = shared->record[slot].arg;
	if (result.bytes)
		result.bytes = shared->record_bytes[slot];
	return result;
}

/*
 * Here stock may lose count of its pages (TOP_MAPPING_WORKS, PINNED_ZERO_PAGE_IS_NOT_CHARGED_YET).
 * Before it does such a thing, ours has to say whether the containers are still alike: if they have
 * parted earlier, nobody would ever hear that it was done. After it, stock must not be led on.
 */
static bool needs_a_judge(const struct fuzz_op *op, unsigned int facts)
{
	if (op->kind == FUZZ_PIN)
		return !(facts & FACT_PINS_OWN_PAGES);
	return op->kind == FUZZ_MAP && op->size && op->iova + op->size <= op->iova &&
	       !(facts & FACT_REACHES_THE_TOP);
}

/* How many operations from one on ours makes at once before stock makes them. */
static unsigned int burst_at(const struct fuzz_shared *shared, unsigned int index)
{
	if (!shared->at_once || index < shared->alone_until)
		return 1;
	return fuzz_burst(&shared->script, index, shared->facts);
}

/* Stock's turn after ours has made calls at once: one after the other, as ours seems to have. */
static void stock_follows(struct fuzz_side *side, unsigned int first)
{
	struct fuzz_shared *shared = side->shared;
	unsigned int i;

	for (i = 0; i < shared->ahead; i++) {
		unsigned int at = shared->order[i];

		fuzz_execute(side, first + at);
		keep(side, &shared->script.op[first + at], at);
	}
	shared->done = first + shared->ahead;
}

/* Stock's turn, from an operation on. The last one, which closes everything, comes alone. */
static void stock_goes_on(struct fuzz_side *side, unsigned int from)
{
	struct fuzz_shared *shared = side->shared;
	const struct fuzz_op *op = shared->script.op;
	unsigned int last = shared->script.nr - 1, i = from;

	do {
		fuzz_execute(side, i);
		keep(side, &op[i], i - from);
		i++;
	} while (i < last && i - from < FUZZ_BATCH && burst_at(shared, i) == 1 &&
		 !needs_a_judge(&op[i - 1], shared->facts) && !needs_a_judge(&op[i], shared->facts));
	shared->done = i;
}

/* --- the comparison --- */

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

/* Says how it goes on. */
static enum fuzz_outcome judge(struct fuzz_side *side, struct fuzz_context *context,
			       unsigned int index, unsigned int slot, struct fuzz_result ours)
{
	struct fuzz_shared *shared = side->shared;
	const struct fuzz_op *op = &shared->script.op[index];
	struct fuzz_result stock = kept(shared, slot);
	bool parted = false, leaks = false;
	unsigned int different;

	fuzz_sabotage(shared->sabotage, op, &ours, arg_of(side->pages));
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

/* How many operations from one on can be done at once, with the results of a serial order? */
static unsigned int how_many_at_once(const struct fuzz_shared *shared,
				     const struct fuzz_model *model, unsigned int first)
{
	const struct fuzz_op *op = &shared->script.op[first];
	unsigned int n, i;

	if (!shared->at_once || fuzz_has_narrow_limits(&shared->script.setup))
		return 1;
	for (n = 0; n < FUZZ_MOST_AT_ONCE && first + n < shared->done; n++) {
		if (!fuzz_may_run_beside(&op[n], shared->facts))
			break;
		for (i = 0; i < n; i++)
			if (!fuzz_are_independent(model, &op[i], &op[n]))
				return n;
		/* What is locked is only the same again after it. */
		if (op[n].look)
			return n + 1;
	}
	return n ? n : 1;
}

/* Does that many, and judges them as if they had been done one after the other. */
static void do_and_judge(struct fuzz_side *side, struct fuzz_context *context, unsigned int first,
			 unsigned int nr, unsigned int slot)
{
	struct fuzz_shared *shared = side->shared;
	long rets[FUZZ_MOST_AT_ONCE];
	unsigned int i;

	if (nr == 1) {
		fuzz_execute(side, first);
		shared->outcome = judge(side, context, first, slot,
					result_of(&shared->script.op[first], side->pages));
		return;
	}
	fuzz_execute_at_once(side, first, nr, rets);
	shared->made_at_once += nr;
	for (i = 0; i < nr && shared->outcome == FUZZ_RUNNING; i++) {
		struct fuzz_result result = {
			.ret = rets[i],
			.locked = i == nr - 1 ? side->pages->meta.locked : -1,
			.arg = arg_of(side->pages) - i * FUZZ_ARG_BYTES,
		};

		shared->outcome = judge(side, context, first + i, slot + i, result);
	}
}

/* --- calls that are not independent --- */

static uint64_t unmapped_bytes(const uint8_t *arg)
{
	struct vfio_iommu_type1_dma_unmap unmap;

	memcpy(&unmap, arg + FUZZ_ARG_OFFSET, sizeof(unmap));
	return unmap.size;
}

static void no_order(struct fuzz_shared *shared, const struct fuzz_op *op,
		     const struct fuzz_returned *returned, unsigned int first, unsigned int nr)
{
	int n = snprintf(shared->why, sizeof(shared->why),
			 "calls made at once: no order explains what they returned:");
	unsigned int i;

	for (i = 0; i < nr; i++) {
		n += snprintf(shared->why + n, sizeof(shared->why) - n, " %s %lld",
			      op[i].kind == FUZZ_MAP ? "map" : "unmap", (long long)returned[i].ret);
		if (op[i].kind == FUZZ_UNMAP)
			n += snprintf(shared->why + n, sizeof(shared->why) - n, " (%#llx bytes)",
				      (unsigned long long)returned[i].size);
	}
	shared->steps = first + nr;
	shared->symptom = (struct fuzz_symptom){
		FUZZ_PART_ORDER, op->kind, returned[0].ret, returned[0].ret,
	};
	shared->outcome = FUZZ_DIFFERENT;
}

/* Type 1 unmaps in another way, which the model of an order does not know. */
static bool can_tell_orders(const struct fuzz_model *model)
{
	return model->driver && model->v2;
}

/* Makes calls at once before stock makes them, and says in which order stock has to. */
static void ours_leads(struct fuzz_side *side, const struct fuzz_context *context,
		       unsigned int first, unsigned int nr, struct fuzz_returned *returned)
{
	struct fuzz_shared *shared = side->shared;
	const struct fuzz_op *op = &shared->script.op[first];
	long rets[FUZZ_MOST_AT_ONCE];
	enum fuzz_order found;
	unsigned int i;

	if (!can_tell_orders(&context->model)) {
		shared->alone_until = first + nr;
		return;
	}
	fuzz_execute_at_once(side, first, nr, rets);
	for (i = 0; i < nr; i++) {
		struct fuzz_result result = { .ret = rets[i] };
		const uint8_t *arg = arg_of(side->pages) - i * FUZZ_ARG_BYTES;

		fuzz_sabotage(shared->sabotage, &op[i], &result, NULL);
		returned[i].ret = result.ret;
		returned[i].size = op[i].kind == FUZZ_UNMAP ? unmapped_bytes(arg) : 0;
		/* Until stock has followed. */
		shared->ret[FUZZ_STOCK][first + i] = result.ret;
		shared->ret[FUZZ_NG][first + i] = result.ret;
		shared->order[i] = i;
	}
	found = fuzz_find_order(&context->model, op, returned, nr, shared->order);
	shared->bursts++;
	shared->ahead = nr;
	if (found == FUZZ_ORDER_NONE)
		no_order(shared, op, returned, first, nr);
	for (i = 0; i < nr && shared->order[i] == i; i++)
		;
	shared->reordered += i < nr;
	shared->open_orders += found == FUZZ_ORDER_OPEN;
	shared->order_is_open = found == FUZZ_ORDER_OPEN;
}

/* Stock has followed. */
static void judge_burst(struct fuzz_side *side, struct fuzz_context *context, unsigned int first,
			const struct fuzz_returned *returned)
{
	struct fuzz_shared *shared = side->shared;
	unsigned int i;

	for (i = 0; i < shared->ahead && shared->outcome == FUZZ_RUNNING; i++) {
		unsigned int at = shared->order[i];
		struct fuzz_result result = {
			.ret = returned[at].ret,
			.locked = -1,
			.arg = arg_of(side->pages) - at * FUZZ_ARG_BYTES,
		};

		shared->outcome = judge(side, context, first + at, at, result);
	}
	shared->steps = first + shared->ahead;
	shared->ahead = 0;
	if (shared->order_is_open && shared->outcome == FUZZ_RUNNING)
		shared->outcome = FUZZ_PARTED;
}

/* Ours's turn: up to where stock is. */
static void ours_goes_on(struct fuzz_side *side, struct fuzz_context *context, unsigned int from)
{
	struct fuzz_shared *shared = side->shared;
	unsigned int i, nr;

	for (i = from; i < shared->done && shared->outcome == FUZZ_RUNNING; i += nr) {
		nr = how_many_at_once(shared, &context->model, i);
		do_and_judge(side, context, i, nr, i - from);
	}
}

/* A turn of each; what is next in the script is a burst if nr is more than 1. */
static void stocks_turn(struct fuzz_side *side, unsigned int at, unsigned int nr)
{
	if (nr == 1)
		stock_goes_on(side, at);
	else if (side->shared->ahead)
		stock_follows(side, at);
}

static void ours_turn(struct fuzz_side *side, struct fuzz_context *context, unsigned int at,
		      unsigned int nr, struct fuzz_returned *returned)
{
	if (side->shared->ahead)
		judge_burst(side, context, at, returned);
	else if (nr > 1)
		ours_leads(side, context, at, nr, returned);
	else
		ours_goes_on(side, context, at);
}

/* All operations, or up to where the containers part; the last one in any case. */
void fuzz_side_run(struct fuzz_side *side)
{
	struct fuzz_shared *shared = side->shared;
	struct fuzz_context context = { .model = { .actors = 1 }, .facts = shared->facts };
	struct fuzz_returned returned[FUZZ_MOST_AT_ONCE];
	unsigned int last = shared->script.nr - 1, at = 0, nr;

	while (at <= last) {
		wait_turn(side);
		if (shared->outcome != FUZZ_RUNNING) {
			fuzz_execute(side, last);
			at = last + 1;
		} else {
			nr = burst_at(shared, at);
			if (side->which == FUZZ_STOCK)
				stocks_turn(side, at, nr);
			else
				ours_turn(side, &context, at, nr, returned);
			at = shared->done;
		}
		pass_turn(side);
	}
}
