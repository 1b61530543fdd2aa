// SPDX-License-Identifier: GPL-2.0-only
/* The walk over an operation's allocations, see walk.h. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/fail-nth.h"
#include "walk.h"

#define CONTAINERS	"/sys/kernel/debug/vfio_type1_ng/containers"

/* More than any operation needs; an endless walk is a mistake. */
#define MAX_STEPS	1000

/* --- what has to be as it was --- */

struct state {
	long long containers, domains, groups, mappings, entries_left;	/* of debugfs, all containers together */
	long long locked, pinned;
	long long users;
};

static void add_containers(struct state *state)
{
	long long domains, groups, mappings, entries_left;
	char line[512];
	FILE *f = fopen(CONTAINERS, "re");

	TRUE(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u %*s %*d %*s %lld %lld %lld %lld", &domains, &groups, &mappings, &entries_left) != 4)
			continue;	/* the heading */
		state->containers++;
		state->domains += domains;
		state->groups += groups;
		state->mappings += mappings;
		state->entries_left += entries_left;
	}
	fclose(f);
}

static struct state state_now(void)
{
	struct state state = { .locked = locked_pages(), .users = module_use_count(env.module) };
	struct pin_counts pins;

	add_containers(&state);
	pin_counts_read(&pins);
	state.pinned = pins.acquired - pins.released;
	return state;
}

static bool state_is(const struct state *wanted)
{
	struct state now;
	int tries;

	/* Pages are unpinned late when a work queue drops the last reference. */
	for (tries = 0; tries < 10; tries++) {
		now = state_now();
		if (!memcmp(&now, wanted, sizeof(now)))
			return true;
		usleep(20000);
	}
#define SAY(what)								\
	if (now.what != wanted->what)						\
		ktap_diag("%s: %lld, were %lld", #what, now.what, wanted->what)
	SAY(containers);
	SAY(domains);
	SAY(groups);
	SAY(mappings);
	SAY(entries_left);
	SAY(locked);
	SAY(pinned);
	SAY(users);
#undef SAY
	return false;
}

/* --- the walk --- */

/* The nth request fails, and so many more; see fail_nth_arm(). */
static long long operate(const struct operation *op, struct walk *w, unsigned int nth, int more,
			 bool *failed)
{
	long long ret;

	if (op->before)
		op->before();
	fail_nth_arm(nth, more);
	ret = op->operate(w);
	*failed = fail_nth_disarm();
	if (op->after)
		op->after();
	return ret;
}

/*
 * Attaching has other words for it. The domain allocator of older kernels says no more than NULL, which is EIO here as in
 * stock; and where the VFIO core cannot allocate what it claims a group with, before it asks the backend, that is EINVAL.
 */
static bool says_no_memory(const struct operation *op, long long ret)
{
	return ret == -ENOMEM || (op->attaches && (ret == -EIO || ret == -EINVAL));
}

/* The operation works, and its result is that of every time it worked before. */
static bool works(const struct operation *op, struct walk *w, struct state *done)
{
	bool failed;

	OK(operate(op, w, 0, 0, &failed));
	if (!done->containers)
		*done = state_now();
	if (!state_is(done))
		return false;
	op->undo(w);
	return true;
}

struct steps {
	unsigned int failed;	/* allocations that did */
	unsigned int reported;	/* operations that failed for it */
};

/* One step. Did an allocation fail? */
static bool step(const struct operation *op, struct walk *w, unsigned int nth, int more,
		 struct state *done, struct steps *steps)
{
	const struct state before = state_now();
	bool failed, ok = true;
	long long ret;

	ret = operate(op, w, nth, more, &failed);
	steps->failed += failed;
	if (ret < 0) {
		TRUE(failed);
		if (!says_no_memory(op, ret))
			EQ(ret, -ENOMEM);
		steps->reported++;
	} else {
		ok = state_is(done);
		op->undo(w);
	}
	if (!ok || !state_is(&before) || !works(op, w, done) || !state_is(&before)) {
		ktap_diag("after the failure of allocation %u and %d more, with %lld", nth, more, ret);
		TRUE(!"everything is as it was");
	}
	return failed;
}

/*
 * Each step is made again with all later requests failing, as some memory is asked for a second time
 * in another way. Not where a group is attached: when that fails, the IOMMU core takes the group back
 * to where it was, which needs memory, and warns if there is none.
 */
void walk(const struct operation *op)
{
	struct steps one = {}, all = {};
	unsigned int nth = 0;
	struct state done = {};
	struct walk w = {};

	if (fail_nth_prepare())
		test_skip("this kernel injects no faults");
	if (op->unmaps && iommu_is_virtio())
		test_skip("virtio-iommu needs memory to unmap");
	w.bytes = iommu_is_virtio() ? 64 * PAGE : WALK_MAX_BYTES;
	op->setup(&w);
	TRUE(works(op, &w, &done));
	do {
		TRUE(nth < MAX_STEPS);
		step(op, &w, ++nth, 0, &done, &one);
		if (!op->attaches)
			step(op, &w, nth, FAIL_ALL_AFTER, &done, &all);
	} while (one.failed == nth);
	ktap_diag("%u allocations failed, and %u of the failures were reported; "
		  "of %u with all later ones, %u", one.failed, one.reported, all.failed,
		  all.reported);
	container_close(&w.ct);
}
