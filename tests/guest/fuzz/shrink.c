// SPDX-License-Identifier: GPL-2.0-only
/* Leave out of a failing script what it does not need: halves first, then quarters, down to single operations, until none goes. */
#include <string.h>

#include "script.h"

struct search {
	bool (*fails)(const struct fuzz_script *candidate, void *arg);
	void *arg;
	unsigned int left;
};

static struct fuzz_script candidate;

static void leave_out(struct fuzz_script *script, unsigned int first, unsigned int nr)
{
	memmove(&script->op[first], &script->op[first + nr], (script->nr - first - nr) * sizeof(script->op[0]));
	script->nr -= nr;
}

static bool still_fails(struct search *search)
{
	if (!search->left)
		return false;
	search->left--;
	return search->fails(&candidate, search->arg);
}

/* One pass with pieces of a size, from the end: what comes late depends on what was before. Did anything go? */
static bool pass(struct fuzz_script *script, unsigned int piece, struct search *search)
{
	unsigned int end = script->nr - 1;
	bool gone = false;

	while (end) {
		unsigned int nr = piece < end ? piece : end;

		candidate = *script;
		leave_out(&candidate, end - nr, nr);
		if (still_fails(search)) {
			*script = candidate;
			gone = true;
		}
		end -= nr;
	}
	return gone;
}

void fuzz_shrink(struct fuzz_script *script, bool (*fails)(const struct fuzz_script *candidate, void *arg), void *arg,
		 unsigned int limit)
{
	struct search search = { .fails = fails, .arg = arg, .left = limit };
	unsigned int piece;

	for (piece = script->nr / 2; piece > 1; piece /= 2)
		pass(script, piece, &search);
	while (search.left && pass(script, 1, &search))
		;
}
