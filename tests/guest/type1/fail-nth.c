// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of every operation fails once.
 *
 * An operation is run again and again, first with its first allocation failing, then with its second, until one run
 * has no failure. Whatever fails, the caller gets an errno that says so and everything is as it was, or the operation
 * did without and its result is what it always is; and it works right after.
 *
 *	WALK(name, setup, operate, undo)
 *
 * One line an operation: setup() makes the state in which operate() is run, once; undo() goes back to that state after
 * an operate() that worked. For WALK_ATTACH(), before() and after(), if any, are run around operate() without failures.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/fail-nth.h"
#include "../lib/file.h"
#include "test.h"

#define CONTAINERS	"/sys/kernel/debug/vfio_type1_ng/containers"
#define BYTES		MIB(2)
#define SCATTERED	(BYTES / PAGE)

/* More than any operation needs; an endless walk is a mistake. */
#define MAX_STEPS	1000

struct walk {
	struct container ct;
	int group;			/* of the second device, open */
	void *area;
};

struct operation {
	void (*setup)(struct walk *w);
	void (*before)(void);
	long long (*operate)(struct walk *w);
	void (*after)(void);
	void (*undo)(struct walk *w);
	bool attaches;
};

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

static long long operate(const struct operation *op, struct walk *w, unsigned int nth, bool *failed)
{
	long long ret;

	if (op->before)
		op->before();
	fail_nth_arm(nth);
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

	OK(operate(op, w, 0, &failed));
	if (!done->containers)
		*done = state_now();
	if (!state_is(done))
		return false;
	op->undo(w);
	return true;
}

/* One step: the nth allocation fails. Was there one? */
static bool step(const struct operation *op, struct walk *w, unsigned int nth, struct state *done, unsigned int *reported)
{
	const struct state before = state_now();
	bool failed, ok = true;
	long long ret;

	ret = operate(op, w, nth, &failed);
	if (ret < 0) {
		TRUE(failed);
		if (!says_no_memory(op, ret))
			EQ(ret, -ENOMEM);
		++*reported;
	} else {
		ok = state_is(done);
		op->undo(w);
	}
	if (!ok || !state_is(&before) || !works(op, w, done) || !state_is(&before)) {
		ktap_diag("after the failure of allocation %u, with %lld", nth, ret);
		TRUE(!"everything is as it was");
	}
	return failed;
}

static void walk(const struct operation *op)
{
	unsigned int nth = 0, reported = 0;
	struct state done = {};
	struct walk w = {};
	bool failed;

	if (fail_nth_prepare())
		test_skip("this kernel injects no faults");
	op->setup(&w);
	TRUE(works(op, &w, &done));
	do {
		TRUE(nth < MAX_STEPS);
		failed = step(op, &w, ++nth, &done, &reported);
	} while (failed);
	ktap_diag("%u allocations failed, and %u of the failures were reported", nth - 1, reported);
	container_close(&w.ct);
}

#define WALK_OPERATION(name, ...)						\
TEST(failing_allocations_##name, .seconds = 120, .domains_differ = true, .not_on_stock = "a walk of this module") \
{										\
	walk(&(struct operation){ __VA_ARGS__ });				\
}

#define WALK(name, setup, operate, undo)					\
	WALK_OPERATION(name, setup, NULL, operate, NULL, undo, false)
#define WALK_ATTACH(name, setup, before, operate, after, undo)			\
	WALK_OPERATION(name, setup, before, operate, after, undo, true)

/* --- states --- */

/* The pages of a file, the last one first, so that no two neighbours make a run. */
static void *scattered_memory(void)
{
	char *file = memory_memfd(BYTES);
	char *area = mmap(NULL, BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	TRUE(file && area != MAP_FAILED);
	for (i = 0; i < SCATTERED; i++)
		TRUE(mremap(file + i * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    area + BYTES - (i + 1) * PAGE) != MAP_FAILED);
	return area;
}

static void driver_to_come(struct walk *w)
{
	NEED_DEVICES(1);
	container_init(&w->ct);
	container_add(&w->ct, 0);
}

static void one_group(struct walk *w)
{
	container_make(&w->ct, 0, 1, TYPE1V2);
	w->area = scattered_memory();
}

static void two_domains(struct walk *w)
{
	container_two_domains(&w->ct, 0, 1);
	w->area = scattered_memory();
}

static void huge_pages(struct walk *w)
{
	container_make(&w->ct, 0, 1, TYPE1V2);
	w->area = memory_huge_pages(BYTES);
	TRUE(w->area);
}

static long long map(struct walk *w);

static void mapped(struct walk *w)
{
	one_group(w);
	OK(map(w));
}

static void mapped_in_two_domains(struct walk *w)
{
	two_domains(w);
	OK(map(w));
}

static void second_group_to_come(struct walk *w)
{
	NEED_DEVICES(2);
	mapped(w);
	w->group = OK(group_open(devices[1].group));
}

/* --- operations --- */

static long long set_iommu(struct walk *w)
{
	return container_set_iommu(w->ct.fd, TYPE1V2);
}

/* The container's last group takes the driver with it. */
static void lose_driver(struct walk *w)
{
	container_remove(&w->ct, 0);
	container_add(&w->ct, 0);
}

static long long join(struct walk *w)
{
	return group_set_container(w->group, w->ct.fd);
}

static long long leave(struct walk *w)
{
	return group_unset_container(w->group);
}

static long long map(struct walk *w)
{
	return dma_map(w->ct.fd, w->area, IOVA, BYTES, DMA_RW);
}

static long long unmap(struct walk *w)
{
	return dma_unmap(w->ct.fd, IOVA, BYTES);
}

static long long get_info(struct walk *w)
{
	struct type1_info info;

	return type1_get_info(w->ct.fd, &info);
}

static long long invalidate_vaddr(struct walk *w)
{
	return dma_invalidate_vaddr(w->ct.fd, IOVA, BYTES);
}

static long long update_vaddr(struct walk *w)
{
	return dma_map(w->ct.fd, w->area, IOVA, BYTES, VFIO_DMA_MAP_FLAG_VADDR);
}

static long long start_tracking(struct walk *w)
{
	return dirty_tracking(w->ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

static long long stop_tracking(struct walk *w)
{
	return dirty_tracking(w->ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

static long long get_dirty(struct walk *w)
{
	uint64_t words[SCATTERED / 64];

	return dirty_get(w->ct.fd, IOVA, BYTES, (struct dirty_bitmap){ PAGE, sizeof(words), words });
}

static long long unmap_dirty(struct walk *w)
{
	uint64_t words[SCATTERED / 64];

	return dma_unmap_dirty(w->ct.fd, IOVA, BYTES, (struct dirty_bitmap){ PAGE, sizeof(words), words });
}

static void undo_nothing(struct walk *w)
{
	(void)w;
}

/* An operation that takes back another, which has to work. */
#define UNDO_BY(operate)							\
static void undo_by_##operate(struct walk *w)					\
{										\
	OK(operate(w));								\
}

UNDO_BY(leave)
UNDO_BY(map)
UNDO_BY(unmap)
UNDO_BY(invalidate_vaddr)
UNDO_BY(update_vaddr)
UNDO_BY(start_tracking)
UNDO_BY(stop_tracking)

static void invalidated(struct walk *w)
{
	mapped(w);
	OK(invalidate_vaddr(w));
}

static void tracked(struct walk *w)
{
	mapped(w);
	OK(start_tracking(w));
}

static void tracked_before_mapping(struct walk *w)
{
	one_group(w);
	OK(start_tracking(w));
}

static void let_join_be_incompatible(void)
{
	struct fault_rule rule = fault_join_incompatible();

	OK(fault_arm(&rule, 1));
}

/*
 * Leaving and closing cannot report a failure and are not walked: an IOMMU driver may have to allocate for a detach, and
 * where it cannot, the IOMMU core warns, whoever asked.
 */
WALK_ATTACH(set_iommu, driver_to_come, NULL, set_iommu, NULL, lose_driver)
WALK_ATTACH(join, second_group_to_come, NULL, join, NULL, undo_by_leave)
WALK_ATTACH(second_domain, second_group_to_come, let_join_be_incompatible, join, fault_disarm, undo_by_leave)
WALK(map, one_group, map, undo_by_unmap)
WALK(map_of_huge_pages, huge_pages, map, undo_by_unmap)
WALK(map_in_two_domains, two_domains, map, undo_by_unmap)
WALK(unmap, mapped, unmap, undo_by_map)
WALK(unmap_in_two_domains, mapped_in_two_domains, unmap, undo_by_map)
WALK(info, mapped, get_info, undo_nothing)
WALK(invalidate_vaddr, mapped, invalidate_vaddr, undo_by_update_vaddr)
WALK(update_vaddr, invalidated, update_vaddr, undo_by_invalidate_vaddr)
WALK(start_tracking, mapped, start_tracking, undo_by_stop_tracking)
WALK(stop_tracking, tracked, stop_tracking, undo_by_start_tracking)
WALK(map_while_tracking, tracked_before_mapping, map, undo_by_unmap)
WALK(dirty_bitmap, tracked, get_dirty, undo_nothing)
WALK(unmap_with_dirty_bitmap, tracked, unmap_dirty, undo_by_map)
