// SPDX-License-Identifier: GPL-2.0-only
/*
 * An actor: one random thing after the other until the epoch ends, and then nothing may be left of
 * it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../lib/fail-nth.h"
#include "../lib/file.h"
#include "soak.h"

/* How long a page may stay counted after everything was closed, in tries of 20 ms. */
#define TRIES		250

static const struct operation {
	long (*run)(struct soak_actor *me);
	unsigned int weight;
} operations[] = {
#define SOAK_ENTRY(id, name, weight) [SOAK_##id] = { (weight) ? soak_##name : NULL, weight },
	SOAK_KINDS_OF(SOAK_ENTRY)
#undef SOAK_ENTRY
};

static enum soak_kind some_kind(struct soak_actor *me)
{
	unsigned int sum = 0, at, i;

	for (i = 0; i < SOAK_KINDS; i++)
		sum += operations[i].weight;
	at = fuzz_below(&me->random, sum);
	for (i = 0; at >= operations[i].weight; i++)
		at -= operations[i].weight;
	return i;
}

/*
 * What makes or ends a process is left alone: a failure that another program inherits proves
 * nothing. So is what lets go of a group, or takes one that may be refused for another reason: the
 * IOMMU core needs memory then to take the group back to its own domain, and warns if there is none.
 */
static bool may_fail(enum soak_kind kind)
{
	switch (kind) {
	case SOAK_FORK:
	case SOAK_EXEC:
	case SOAK_EXIT:
	case SOAK_MEMORY:
	case SOAK_CLOSE:
	case SOAK_ATTACH:
	case SOAK_DETACH:
	case SOAK_LEAVE:
	case SOAK_DEVICE_CLOSE:
		return false;
	default:
		return true;
	}
}

/* How many requests fail after the first one that does: some memory of a container is asked for twice. */
static unsigned int more_that_fail(struct soak_actor *me, enum soak_kind kind)
{
	return kind <= SOAK_INFO ? fuzz_below(&me->random, 2) : 0;
}

/* Without a container that has a group there is little to do. */
static bool is_idle(struct soak_actor *me)
{
	return (soak_some_file(me, SOAK_FD_CONTAINER, SOAK_CONTAINERS) < 0 ||
		soak_some_file(me, SOAK_FD_GROUP, SOAK_GROUPS) < 0) &&
	       fuzz_percent(&me->random, 60);
}

/* Few have a device that pins, so they use it. */
static bool drives(struct soak_actor *me)
{
	return fuzz_percent(&me->random, 30) && soak_some_emulated(me) >= 0;
}

static enum soak_kind next_kind(struct soak_actor *me)
{
	static const enum soak_kind driven[] = {
		SOAK_PIN, SOAK_PIN, SOAK_PIN, SOAK_UNPIN, SOAK_DMA_RW, SOAK_DMA_RW,
	};

	if (drives(me))
		return FUZZ_PICK(&me->random, driven);
	if (!is_idle(me))
		return some_kind(me);
	return fuzz_percent(&me->random, 50) ? SOAK_OPEN : SOAK_RECEIVE;
}

/* Closes everything, and stays away until the lull is over, or a little less long. */
static void keep_away(struct soak_actor *me)
{
	unsigned int ms = fuzz_below(&me->random, 400);

	soak_close_all(me);
	while (ms-- && soak_is_lull(me->shared) && soak_phase(me->shared) == SOAK_RUN)
		usleep(1000);
}

static void step(struct soak_actor *me)
{
	enum soak_kind kind = next_kind(me);
	bool fails = me->fails_allocations && may_fail(kind) && fuzz_percent(&me->random, 30);
	long ret;

	if (fails)
		fail_nth_arm(1 + fuzz_below(&me->random, 40), more_that_fail(me, kind));
	ret = operations[kind].run(me);
	if (fails && fail_nth_disarm())
		soak_count(me->shared, SOAK_FAILED_ALLOCATION, true);
	soak_count(me->shared, kind, ret >= 0);
}

static long long locked_bytes(void)
{
	long long kib = file_read_key("/proc/self/status", "VmLck");

	return (kib + file_read_key("/proc/self/status", "VmPin")) * 1024;
}

static void __attribute__((noreturn)) look(struct soak_actor *me)
{
	unsigned int i;

	for (i = 0; i < TRIES && locked_bytes(); i++)
		usleep(20000);
	me->slot->still_locked = locked_bytes();
	_exit(0);
}

static void __attribute__((noreturn)) close_and_look(struct soak_actor *me)
{
	soak_play_stuck(me);
	soak_close_all(me);
	__atomic_store_n(&me->slot->closed, 1, __ATOMIC_SEQ_CST);
	while (soak_phase(me->shared) == SOAK_CLOSING)
		usleep(5000);
	look(me);
}

static void interrupted(int signal)
{
	(void)signal;
}

/* Memory may have gone under us, which is our own doing. */
static void faulted(int signal)
{
	(void)signal;
	_exit(1);
}

static void catch_signals(void)
{
	const struct sigaction interrupt = { .sa_handler = interrupted },
			       fault = { .sa_handler = faulted };

	sigaction(SIGUSR1, &interrupt, NULL);
	sigaction(SIGALRM, &interrupt, NULL);
	sigaction(SIGPIPE, &interrupt, NULL);
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
}

void soak_actor_run(struct soak_shared *shared, unsigned int slot)
{
	static struct soak_actor actor;
	sigset_t none;

	actor = (struct soak_actor){ .shared = shared,
				     .slot = &shared->slot[slot],
				     .random = { shared->slot[slot].seed } };
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	catch_signals();
	/* The kernel log says who was killed for want of memory. */
	prctl(PR_SET_NAME, actor.slot->tight ? "soak-tight" : "soak-actor");
	soak_areas_make(&actor);
	soak_play_lost_charge(&actor);
	actor.fails_allocations = !fail_nth_prepare();
	while (soak_phase(shared) == SOAK_RUN) {
		if (soak_is_lull(shared))
			keep_away(&actor);
		step(&actor);
	}
	close_and_look(&actor);
}

/* type1-soak --actor SLOT, with the files of the process that became this one. */
int soak_actor_main(int argc, char **argv)
{
	struct soak_shared *shared;

	if (argc != 3)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, SOAK_FD_SHARED, 0);
	if (shared == MAP_FAILED)
		return 1;
	soak_actor_run(shared, atoi(argv[2]));
}
