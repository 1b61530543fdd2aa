// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for a turn. Called with the container's lock held throughout. */
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>

#include "container.h"
#include "mapping.h"
#include "turn.h"

/**
 * struct waiter - a call that sleeps, on its stack
 * @next: node in the container's list of waiters, until @gone
 * @obstacle: a mapping, a place in the queue or an external pin; only compared
 * @gone: the obstacle is gone
 */
struct waiter {
	struct list_head next;
	const void *obstacle;
	struct completion gone;
};

/**
 * struct place - a place in the queue, on the stack of the call
 * @next: node in the container's queue
 * @range: where later calls begin no transition
 */
struct place {
	struct list_head next;
	struct ng_range range;
};

static void remove_obstacle(struct ng_container *ct, const void *obstacle)
{
	struct waiter *waiter, *next;

	lockdep_assert_held(&ct->lock);
	list_for_each_entry_safe(waiter, next, &ct->waiters, next) {
		if (waiter->obstacle != obstacle)
			continue;
		list_del_init(&waiter->next);
		complete(&waiter->gone);
	}
}

/**
 * ng_turn_wait_for() - wait until an obstacle is gone; then look all up again
 * @ct: the container, entered; @ct->lock is held, and dropped meanwhile
 * @obstacle: what ng_turn_settled() will be called for; only compared
 * Return: 0, or -EINTR on a fatal signal.
 */
int ng_turn_wait_for(struct ng_container *ct, const void *obstacle)
{
	struct waiter waiter = { .obstacle = obstacle };
	int ret;

	init_completion(&waiter.gone);
	list_add_tail(&waiter.next, &ct->waiters);
	mutex_unlock(&ct->lock);
	ret = wait_for_completion_killable(&waiter.gone);
	mutex_lock(&ct->lock);
	list_del_init(&waiter.next);
	return ret ? -EINTR : 0;
}

static const struct ng_mapping *first_busy(struct ng_container *ct, struct ng_range range,
					   bool alone)
{
	struct ng_mapping *mapping;

	ng_for_each_mapping(ct, mapping, range)
		if (mapping->state != NG_MAPPING_LIVE || (alone && mapping->nr_borrowers))
			return mapping;
	return NULL;
}

static const struct place *first_place(struct ng_container *ct, struct ng_range range,
				       const struct place *own)
{
	struct place *place;

	list_for_each_entry(place, &ct->queue, next) {
		if (place == own)
			break;
		if (ng_ranges_overlap(place->range, range))
			return place;
	}
	return NULL;
}

static bool is_free(struct ng_container *ct, struct ng_range range, bool alone)
{
	return !first_busy(ct, range, alone) && !first_place(ct, range, NULL);
}

/* Step 2. */
static int wait_in_queue(struct ng_container *ct, struct ng_range range, bool alone)
{
	struct place own = { .range = range };
	const void *obstacle;
	int ret = 0;

	list_add_tail(&own.next, &ct->queue);
	while (!ret) {
		obstacle = first_place(ct, range, &own);
		if (!obstacle)
			obstacle = first_busy(ct, range, alone);
		if (!obstacle)
			break;
		ret = ng_turn_wait_for(ct, obstacle);
	}
	list_del(&own.next);
	remove_obstacle(ct, &own);
	return ret;
}

/* Step 1. A borrowed mapping may always be borrowed again: use the queue. */
static int wait_for_each(struct ng_container *ct, struct ng_range range, bool alone)
{
	const struct ng_mapping *busy;

	while ((busy = first_busy(ct, range, alone))) {
		struct ng_range busy_range = busy->range;
		int ret;

		if (busy->state == NG_MAPPING_LIVE)
			ret = wait_in_queue(ct, busy_range, alone);
		else
			ret = ng_turn_wait_for(ct, busy);
		if (ret || busy_range.last >= range.last)
			return ret;
		range.first = busy_range.last + 1;
	}
	return 0;
}

static noinline int wait_for_turn(struct ng_container *ct, struct ng_range range, bool alone)
{
	int ret = wait_for_each(ct, range, alone);

	if (ret || is_free(ct, range, alone))
		return ret;
	return wait_in_queue(ct, range, alone);
}

/**
 * ng_turn_wait() - wait for a turn, which lasts until @ct->lock is dropped
 * @ct: the container, entered; @ct->lock is held, and dropped while this waits
 * @range: the range, where the caller has no transition and borrows nothing
 * @alone: no in-kernel user may be borrowing a mapping
 * Return: 0 with every mapping in the range live; or -EINTR on a fatal signal.
 */
int ng_turn_wait(struct ng_container *ct, struct ng_range range, bool alone)
{
	lockdep_assert_held(&ct->lock);
	return is_free(ct, range, alone) ? 0 : wait_for_turn(ct, range, alone);
}

/**
 * ng_turn_settled() - wake calls that wait for an obstacle
 * @ct: the container; @ct->lock is held
 * @obstacle: a mapping, live or removed or not borrowed; or an external pin
 */
void ng_turn_settled(struct ng_container *ct, const void *obstacle)
{
	lockdep_assert_held(&ct->lock);
	if (!list_empty(&ct->waiters))
		remove_obstacle(ct, obstacle);
}
