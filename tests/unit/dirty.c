// SPDX-License-Identifier: GPL-2.0-only
/* Reports on pages that in-kernel users dirty, and what becomes of them when the user's memory cannot be written. */
#include "unit.h"

#include <string.h>

#include <compat/vfio.h>
#include <linux/bitmap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <vfio_type1_ng/container.h>
#include <vfio_type1_ng/dirty.h>
#include <vfio_type1_ng/external.h>
#include <vfio_type1_ng/group.h>
#include <vfio_type1_ng/mapping.h>

unsigned int shim_allocations_left = UINT_MAX;
bool shim_fatal_signal;

/* --- the rest of the module, as far as it is asked for --- */

#define SHIFT		12
#define PAGES(n)	((u64)(n) << SHIFT)
#define MAPPINGS	3

static struct ng_container ct;
static struct ng_mapping mappings[MAPPINGS];	/* ascending */
static unsigned int nr_mappings;

struct ng_mapping *ng_mapping_first(struct ng_container *unused, struct ng_range range)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < nr_mappings; i++)
		if (ng_ranges_overlap(mappings[i].range, range))
			return &mappings[i];
	return NULL;
}

struct ng_mapping *ng_mapping_next(struct ng_mapping *mapping, struct ng_range range)
{
	if (mapping->range.last >= range.last)
		return NULL;
	return ng_mapping_first(&ct, (struct ng_range){ .first = mapping->range.last + 1, .last = range.last });
}

/* Nobody waits for the lock. */
bool ng_container_rest(struct ng_container *container, unsigned int *steps)
{
	(void)container;
	++*steps;
	return false;
}

struct ng_mapping *ng_mapping_next_resting(struct ng_container *container, struct ng_mapping *mapping,
					   struct ng_range range, unsigned int *steps)
{
	ng_container_rest(container, steps);
	return ng_mapping_next(mapping, range);
}

/* Does an in-kernel user hold the first page of every mapping? */
static bool first_pages_are_held;

void ng_external_mark_dirty(struct ng_container *container, struct ng_mapping *mapping)
{
	u64 first = mapping->range.first;

	if (first_pages_are_held)
		ng_dirty_mark(container, mapping, (struct ng_range){ .first = first, .last = first + PAGES(1) - 1 });
}

int ng_container_enter(struct ng_container *container)
{
	assert_false(container->lock.held);
	return 0;
}

void ng_container_leave(struct ng_container *container)
{
	assert_false(container->lock.held);
}

int ng_mappings_lock_for_report(struct ng_container *container, const struct ng_unmap_request *request,
			       struct ng_range *range)
{
	mutex_lock(&container->lock);
	return ng_range_init(range, request->iova, request->size);
}

/* --- user memory --- */

static u64 words[4096];
static size_t faults_at = SIZE_MAX;		/* bytes into words[] */
static void (*at_copy)(void);			/* what happens at the same time */

static bool accessible(const void *user, size_t bytes)
{
	assert_false(ct.lock.held);
	if (at_copy)
		at_copy();
	return (const char *)user + bytes - (const char *)words <= (ptrdiff_t)(faults_at & PTRDIFF_MAX);
}

size_t copy_to_user(void *to, const void *from, size_t bytes)
{
	assert_true((char *)to + bytes <= (char *)(words + 4096));
	if (!accessible(to, bytes))
		return bytes;
	memcpy(to, from, bytes);
	return 0;
}

size_t copy_from_user(void *to, const void *from, size_t bytes)
{
	if (!accessible(from, bytes))
		return bytes;
	memcpy(to, from, bytes);
	return 0;
}

/* --- what tests do --- */

static void make_mapping(u64 first_page, u64 npages)
{
	mappings[nr_mappings++] = (struct ng_mapping){
		.range = { .first = PAGES(first_page), .last = PAGES(first_page + npages) - 1 },
		.state = NG_MAPPING_LIVE,
	};
}

/* Pages 0-9, 20-69 and 128-80127, tracked, and nobody who writes unseen. */
static int setup(void **state)
{
	(void)state;
	memset(&ct, 0, sizeof(ct));
	ct.pgsizes = PAGES(1);
	nr_mappings = 0;
	ng_dirty_init(&ct);
	make_mapping(0, 10);
	make_mapping(20, 50);
	make_mapping(128, 80000);
	assert_int_equal(ng_dirty_start(&ct), 0);
	memset(words, 0, sizeof(words));
	faults_at = SIZE_MAX;
	at_copy = NULL;
	shim_fatal_signal = false;
	first_pages_are_held = false;
	return 0;
}

static int teardown(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(ng_dirty_stop(&ct), 0);
	for (i = 0; i < nr_mappings; i++)
		assert_int_equal(mappings[i].dirty_log, 0);
	assert_false(ct.lock.held);
	assert_false(ct.dirty.reports.held);
	return 0;
}

static void mark(unsigned int mapping, u64 first_page, u64 last_page)
{
	mutex_lock(&ct.lock);
	ng_dirty_mark(&ct, &mappings[mapping],
		      (struct ng_range){ .first = PAGES(first_page), .last = PAGES(last_page + 1) - 1 });
	mutex_unlock(&ct.lock);
}

static int get(void)
{
	const struct vfio_bitmap bitmap = { .pgsize = PAGES(1), .size = sizeof(words), .data = (void *)words };

	return ng_dirty_get(&ct, 0, PAGES(128 + 80000), &bitmap);
}

static bool reported(u64 page)
{
	return test_bit(page, (unsigned long *)words);
}

static unsigned int count(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < 4096; i++)
		n += __builtin_popcountll(words[i]);
	return n;
}

/* A successful report has exactly these numbers of dirty pages. */
static void expect_report_of(unsigned int npages)
{
	memset(words, 0, sizeof(words));
	assert_int_equal(get(), 0);
	assert_int_equal(count(), npages);
}

static void marks_are_reported_once(void **state)
{
	(void)state;
	expect_report_of(0);
	mark(0, 3, 4);
	mark(1, 69, 69);
	mark(2, 128, 128);
	mark(2, 80127, 80127);
	expect_report_of(5);
	assert_true(reported(3) && reported(4) && reported(69) && reported(128) && reported(80127));
	expect_report_of(0);
}

/* Wherever user memory ends, a report that fails forgets nothing, and one that succeeds forgets everything. */
static void failed_report_forgets_nothing(void **state)
{
	size_t bytes;

	(void)state;
	for (bytes = 0; bytes < sizeof(u64) * 1252; bytes += 8 + bytes / 4) {
		mark(0, 3, 4);
		mark(1, 60, 62);
		mark(2, 40000, 40009);
		mark(2, 80127, 80127);
		faults_at = bytes;
		assert_int_equal(get(), -EFAULT);
		faults_at = SIZE_MAX;
		expect_report_of(16);
		expect_report_of(0);
	}
}

static void report_without_memory_forgets_nothing(void **state)
{
	(void)state;
	mark(1, 30, 30);
	shim_allocations_left = 0;
	assert_int_equal(get(), -ENOMEM);
	shim_allocations_left = UINT_MAX;
	expect_report_of(1);
}

static void killed_report_forgets_nothing(void **state)
{
	(void)state;
	mark(1, 30, 30);
	shim_fatal_signal = true;
	assert_int_equal(get(), -EINTR);
	shim_fatal_signal = false;
	expect_report_of(1);
}

static void mark_more(void)
{
	at_copy = NULL;
	mark(0, 9, 9);		/* reported already, or not yet: it does not matter */
	mark(2, 500, 500);
}

static void what_is_marked_meanwhile_is_in_the_next_report(void **state)
{
	(void)state;
	mark(0, 1, 1);
	at_copy = mark_more;
	expect_report_of(1);
	assert_true(reported(1));
	expect_report_of(2);
	assert_true(reported(9) && reported(500));

	mark(0, 1, 1);
	at_copy = mark_more;
	faults_at = 0;
	assert_int_equal(get(), -EFAULT);
	faults_at = SIZE_MAX;
	expect_report_of(3);
}

static void with_a_group_that_writes_unseen_everything_is_dirty(void **state)
{
	struct ng_group unseen = {}, pins = { .pinned_scope = true };

	(void)state;
	ng_dirty_group_joined(&ct, &pins);
	expect_report_of(0);
	ng_dirty_group_joined(&ct, &unseen);
	expect_report_of(80060);
	expect_report_of(80060);
	faults_at = 16;
	assert_int_equal(get(), -EFAULT);
	faults_at = SIZE_MAX;

	/* Once more when it has left, because it wrote until then. */
	ng_dirty_group_left(&ct, &unseen);
	faults_at = 16;
	assert_int_equal(get(), -EFAULT);
	faults_at = SIZE_MAX;
	expect_report_of(80060);
	expect_report_of(0);
	ng_dirty_group_left(&ct, &pins);
	expect_report_of(0);
}

static struct ng_group leaving;

static void leave_now(void)
{
	at_copy = NULL;
	ng_dirty_group_left(&ct, &leaving);
}

static void group_that_leaves_during_a_report_is_in_the_next_one_too(void **state)
{
	(void)state;
	leaving = (struct ng_group){};
	ng_dirty_group_joined(&ct, &leaving);
	at_copy = leave_now;
	expect_report_of(80060);
	expect_report_of(80060);
	expect_report_of(0);
}

static void promoted_group_writes_no_more_unseen(void **state)
{
	struct ng_group group = {};

	(void)state;
	ng_dirty_group_joined(&ct, &group);
	mutex_lock(&ct.lock);
	ng_dirty_group_promote(&ct, &group);
	ng_dirty_group_promote(&ct, &group);
	mutex_unlock(&ct.lock);
	expect_report_of(0);
	assert_int_equal(ct.dirty.nr_non_pinned_groups, 0);
	ng_dirty_group_left(&ct, &group);
	expect_report_of(0);
}

static void held_page_is_in_every_report(void **state)
{
	struct ng_group unseen = {};

	(void)state;
	first_pages_are_held = true;
	expect_report_of(3);
	expect_report_of(3);
	faults_at = 16;
	assert_int_equal(get(), -EFAULT);
	faults_at = SIZE_MAX;
	ng_dirty_group_joined(&ct, &unseen);
	expect_report_of(80060);
	ng_dirty_group_left(&ct, &unseen);
	expect_report_of(80060);
	expect_report_of(3);
	first_pages_are_held = false;
	expect_report_of(0);
}

static void word_is_cleared_by_who_begins_it_and_kept_by_others(void **state)
{
	(void)state;
	mark(0, 0, 0);
	mark(1, 20, 21);
	memset(words, 0xff, sizeof(words));
	assert_int_equal(get(), 0);
	assert_true(words[0] == 0x300001);	/* cleared by the first mapping, kept by the second */
	assert_int_equal(words[1], 0);
	assert_int_equal(words[2], 0);
}

static void other_page_size_makes_everything_of_some(void **state)
{
	(void)state;
	mark(2, 200, 200);
	ct.pgsizes = PAGES(16);
	ng_dirty_page_size_changed(&ct);
	assert_int_equal(get(), -EINVAL);
	ct.pgsizes = PAGES(1);
	ng_dirty_page_size_changed(&ct);
	expect_report_of(80000);
	expect_report_of(0);
	ng_dirty_page_size_changed(&ct);	/* the same again */
	mark(0, 1, 1);
	expect_report_of(1);
}

/* Where an IOMMU's smallest page is larger than the CPU's, a bit stands for all that is in it. */
static void large_pages_have_one_bit_each(void **state)
{
	const struct vfio_bitmap bitmap = { .pgsize = PAGES(16), .size = sizeof(words), .data = (void *)words };
	const u64 bytes = PAGES(128 + 80000);

	(void)state;
	assert_int_equal(ng_dirty_stop(&ct), 0);
	mappings[0].range = (struct ng_range){ .first = 0, .last = PAGES(16) - 1 };
	mappings[1].range = (struct ng_range){ .first = PAGES(32), .last = PAGES(128) - 1 };
	ct.pgsizes = PAGES(16);
	ng_dirty_page_size_changed(&ct);
	assert_int_equal(ng_dirty_start(&ct), 0);
	mark(0, 5, 5);
	mark(1, 47, 48);
	mark(2, 80127, 80127);
	assert_int_equal(get(), -EINVAL);
	assert_int_equal(ng_dirty_get(&ct, 0, bytes, &bitmap), 0);
	assert_true(words[0] == 0xd);
	assert_true(reported(80127 / 16));
	assert_int_equal(count(), 4);
	assert_int_equal(ng_dirty_get(&ct, 0, bytes, &bitmap), 0);
	assert_int_equal(count(), 0);
}

static void change_page_size(void)
{
	at_copy = NULL;
	ct.pgsizes = PAGES(16);
	ng_dirty_page_size_changed(&ct);
}

static void other_page_size_during_a_report_loses_nothing(void **state)
{
	(void)state;
	mark(0, 1, 1);
	mark(2, 200, 200);
	at_copy = change_page_size;
	faults_at = 8;
	assert_int_equal(get(), -EFAULT);
	faults_at = SIZE_MAX;
	ct.pgsizes = PAGES(1);
	ng_dirty_page_size_changed(&ct);
	expect_report_of(80010);
}

static void add_mapping_now(void)
{
	at_copy = NULL;
	mutex_lock(&ct.lock);
	/* The last mapping goes, and another comes in its place. */
	ng_dirty_untrack(&ct, &mappings[2]);
	assert_int_equal(ng_dirty_track(&ct, &mappings[2]), 0);
	mutex_unlock(&ct.lock);
	mark(2, 300, 300);
}

static void mapping_made_during_a_report_is_in_the_next_one(void **state)
{
	(void)state;
	mark(0, 1, 1);
	mark(2, 200, 200);
	at_copy = add_mapping_now;
	expect_report_of(1);
	expect_report_of(1);
	assert_true(reported(300));
}

static void emptying_mapping_is_reported_on_by_who_empties_it(void **state)
{
	const struct vfio_bitmap bitmap = { .pgsize = PAGES(1), .size = sizeof(words), .data = (void *)words };
	const struct ng_range range = { .first = 0, .last = PAGES(70) - 1 };

	(void)state;
	mark(0, 1, 1);
	mark(1, 33, 33);
	mappings[1].state = NG_MAPPING_EMPTYING;
	assert_int_equal(ng_dirty_begin_report(&ct), 0);
	faults_at = 0;
	assert_int_equal(ng_dirty_report_emptying(&ct, range, &bitmap), -EFAULT);
	faults_at = SIZE_MAX;
	assert_int_equal(ng_dirty_report_emptying(&ct, range, &bitmap), 0);
	ng_dirty_end_report(&ct);
	assert_int_equal(count(), 1);
	assert_true(reported(33));
	mappings[1].state = NG_MAPPING_LIVE;
	expect_report_of(1);
	assert_true(reported(1));
}

static void start_is_all_or_nothing(void **state)
{
	unsigned int i;

	(void)state;
	/* A log and its number, for each. */
	for (i = 0; i < 2 * MAPPINGS; i++) {
		assert_int_equal(ng_dirty_stop(&ct), 0);
		shim_allocations_left = i;
		assert_int_equal(ng_dirty_start(&ct), -ENOMEM);
		shim_allocations_left = UINT_MAX;
		assert_false(ct.dirty.on);
		assert_int_equal(mappings[0].dirty_log, 0);
		assert_int_equal(get(), -EINVAL);
	}
	assert_int_equal(ng_dirty_start(&ct), 0);
	mark(0, 1, 1);
	assert_int_equal(ng_dirty_start(&ct), 0);	/* changes nothing */
	expect_report_of(1);
}

static void mapping_of_too_many_pages_cannot_be_tracked(void **state)
{
	(void)state;
	assert_int_equal(ng_dirty_stop(&ct), 0);
	mappings[2].range.last = mappings[2].range.first + PAGES(NG_DIRT_MAX_PAGES) - 1;
	assert_int_equal(ng_dirty_start(&ct), 0);
	assert_int_equal(ng_dirty_stop(&ct), 0);
	mappings[2].range.last += PAGES(1);
	assert_int_equal(ng_dirty_start(&ct), -EINVAL);
	assert_false(ct.dirty.on);
}

static void mapping_being_filled_is_tracked_later(void **state)
{
	(void)state;
	assert_int_equal(ng_dirty_stop(&ct), 0);
	mappings[1].state = NG_MAPPING_FILLING;
	assert_int_equal(ng_dirty_start(&ct), 0);
	assert_int_equal(mappings[1].dirty_log, 0);
	mark(1, 20, 20);			/* to no effect */
	mutex_lock(&ct.lock);
	assert_int_equal(ng_dirty_track(&ct, &mappings[1]), 0);
	mutex_unlock(&ct.lock);
	mappings[1].state = NG_MAPPING_LIVE;
	mark(1, 30, 31);
	expect_report_of(2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	T(marks_are_reported_once),
	T(failed_report_forgets_nothing),
	T(report_without_memory_forgets_nothing),
	T(killed_report_forgets_nothing),
	T(what_is_marked_meanwhile_is_in_the_next_report),
	T(with_a_group_that_writes_unseen_everything_is_dirty),
	T(group_that_leaves_during_a_report_is_in_the_next_one_too),
	T(promoted_group_writes_no_more_unseen),
	T(held_page_is_in_every_report),
	T(word_is_cleared_by_who_begins_it_and_kept_by_others),
	T(other_page_size_makes_everything_of_some),
	T(large_pages_have_one_bit_each),
	T(other_page_size_during_a_report_loses_nothing),
	T(mapping_made_during_a_report_is_in_the_next_one),
	T(emptying_mapping_is_reported_on_by_who_empties_it),
	T(start_is_all_or_nothing),
	T(mapping_of_too_many_pages_cannot_be_tracked),
	T(mapping_being_filled_is_tracked_later),
};

RUN(tests)
