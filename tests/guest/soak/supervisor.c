// SPDX-License-Identifier: GPL-2.0-only
/* What begins actors and helpers, begins anew those that were killed, and ends them all. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/file.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "soak.h"

#define TICK_US		20000

static uint32_t nr_tight;

void soak_count(struct soak_shared *shared, enum soak_kind kind, bool done)
{
	__atomic_add_fetch(&shared->tried[kind], 1, __ATOMIC_RELAXED);
	if (done)
		__atomic_add_fetch(&shared->done[kind], 1, __ATOMIC_RELAXED);
}

enum soak_phase soak_phase(struct soak_shared *shared)
{
	return __atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST);
}

static void set_phase(struct soak_shared *shared, enum soak_phase phase)
{
	__atomic_store_n(&shared->phase, phase, __ATOMIC_SEQ_CST);
}

double soak_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void begin_helper(struct soak_shared *shared,
			 void (*run)(struct soak_shared *shared, struct fuzz_random *random),
			 uint64_t seed)
{
	struct fuzz_random random = { seed };

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "soak-helper");
	run(shared, &random);
	_exit(0);
}

static void begin_actor(struct soak_shared *shared, unsigned int number, struct fuzz_random *random)
{
	struct soak_slot *slot = &shared->slot[number];
	uint64_t bytes = MIB(8) + MIB(1) * fuzz_below(random, 24);
	pid_t pid;

	*slot = (struct soak_slot){ .seed = fuzz_random(random) };
	/* The last of them has little memory. */
	if (shared->options.tight && number == SOAK_ACTORS - 1)
		slot->tight = ++nr_tight;
	pid = fork();
	if (!pid) {
		if (slot->tight)
			soak_tight_enter(slot->tight, bytes);
		soak_actor_run(shared, number);
	}
	slot->pid = pid > 0 ? pid : 0;
}

static void reap(struct soak_shared *shared)
{
	unsigned int i;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (i = 0; i < SOAK_SLOTS; i++)
			if (shared->slot[i].pid == pid)
				__atomic_store_n(&shared->slot[i].pid, 0, __ATOMIC_SEQ_CST);
}

static void run(struct soak_shared *shared, struct fuzz_random *random)
{
	double end = soak_now() + shared->options.epoch_seconds;
	unsigned int i;

	while (soak_now() < end) {
		for (i = 0; i < SOAK_ACTORS; i++)
			if (!shared->slot[i].pid)
				begin_actor(shared, i, random);
		usleep(TICK_US);
		reap(shared);
	}
}

static void signal_actors(struct soak_shared *shared, int signal)
{
	unsigned int i;

	for (i = 0; i < SOAK_SLOTS; i++)
		if (shared->slot[i].pid > 0)
			kill(shared->slot[i].pid, signal);
}

/* For each actor that has not closed its files. */
static unsigned int for_each_open(struct soak_shared *shared, void (*what)(long pid))
{
	struct soak_slot *slot;
	unsigned int n = 0;

	for (slot = shared->slot; slot < shared->slot + SOAK_SLOTS; slot++) {
		pid_t pid = __atomic_load_n(&slot->pid, __ATOMIC_SEQ_CST);

		if (pid <= 0 || __atomic_load_n(&slot->closed, __ATOMIC_SEQ_CST))
			continue;
		what(pid);
		n++;
	}
	return n;
}

static void for_each_child(void (*what)(long pid))
{
	char path[64], list[4096], *p = list, *end;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (file_read(path, list, sizeof(list)) < 0)
		return;
	for (;; p = end) {
		pid = strtol(p, &end, 10);
		if (end == p)
			return;
		what(pid);
	}
}

static struct soak_patience patience;

static void look_at(long pid)
{
	soak_patience_look(&patience, pid);
}

static void describe(long pid)
{
	soak_patience_describe(pid);
}

static void kill_child(long pid)
{
	kill(pid, SIGKILL);
}

/* False if some did not, and nothing happened for very long. They are killed then. */
static bool close_all(struct soak_shared *shared, bool abruptly)
{
	patience = soak_patience_for(shared);
	set_phase(shared, SOAK_CLOSING);
	if (abruptly)
		signal_actors(shared, SIGKILL);
	while (for_each_open(shared, look_at)) {
		if (!soak_patience_wait(&patience)) {
			ktap_diag("soak: a process does not close its files");
			for_each_open(shared, describe);
			signal_actors(shared, SIGKILL);
			return false;
		}
		/* Some may have been stopped. */
		signal_actors(shared, SIGCONT);
		reap(shared);
	}
	soak_empty_pool();
	return true;
}

static bool no_children(struct soak_shared *shared)
{
	reap(shared);
	return waitpid(-1, NULL, WNOHANG) < 0;
}

static bool end_all(struct soak_shared *shared)
{
	patience = soak_patience_for(shared);
	set_phase(shared, SOAK_LOOKING);
	while (!no_children(shared)) {
		for_each_child(look_at);
		if (!soak_patience_wait(&patience)) {
			ktap_diag("soak: a process does not end");
			for_each_child(describe);
			for_each_child(kill_child);
			return false;
		}
	}
	return true;
}

static bool nothing_is_locked(struct soak_shared *shared)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < SOAK_SLOTS; i++) {
		if (!shared->slot[i].still_locked)
			continue;
		ktap_diag(
			"soak: %lld bytes of locked memory stay counted when all is closed",
			shared->slot[i].still_locked);
		ok = false;
	}
	return ok;
}

static bool cgroups_are_gone(struct soak_shared *shared)
{
	int killed = soak_tight_remove();

	if (killed < 0) {
		ktap_diag("soak: a memory cgroup cannot be removed");
		return false;
	}
	shared->tried[SOAK_OOM_KILLED] += killed;
	shared->done[SOAK_OOM_KILLED] += killed;
	return true;
}

/* Everybody works, then nothing may be left of it. Says what is. */
bool soak_epoch(struct soak_shared *shared, unsigned int number)
{
	struct fuzz_random random = { shared->options.seed + UINT64_C(0x9e3779b9) * number };
	bool ok;

	memset(shared->slot, 0, sizeof(shared->slot));
	shared->lulls = 0;
	set_phase(shared, SOAK_RUN);
	begin_helper(shared, soak_kill, fuzz_random(&random));
	begin_helper(shared, soak_unplug, fuzz_random(&random));
	begin_helper(shared, soak_unload, fuzz_random(&random));
	begin_helper(shared, soak_press, fuzz_random(&random));
	run(shared, &random);
	ok = close_all(shared, !shared->options.defect && fuzz_percent(&random, 40));
	ok &= end_all(shared);
	ok &= nothing_is_locked(shared);
	ok &= cgroups_are_gone(shared);
	ok &= soak_counts_are_back(shared);
	return ok;
}
