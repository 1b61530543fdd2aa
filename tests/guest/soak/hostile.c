// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper that sends signals to actors and changes their limits while they are in the middle of
 * something.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "soak.h"

void soak_nap(struct soak_shared *shared, unsigned int ms)
{
	while (ms-- && soak_phase(shared) == SOAK_RUN)
		usleep(1000);
}

static pid_t some_actor(struct soak_shared *shared, struct fuzz_random *random)
{
	return __atomic_load_n(&shared->slot[fuzz_below(random, SOAK_SLOTS)].pid, __ATOMIC_SEQ_CST);
}

static void stop_for_a_while(struct soak_shared *shared, struct fuzz_random *random, pid_t pid)
{
	if (kill(pid, SIGSTOP))
		return;
	soak_nap(shared, 1 + fuzz_below(random, 40));
	kill(pid, SIGCONT);
}

static void change_limit(struct fuzz_random *random, pid_t pid)
{
	static const rlim_t limits[] = { 0, 1 << 16, 1 << 20, 1 << 23, RLIM_INFINITY };
	const struct rlimit limit = { FUZZ_PICK(random, limits), RLIM_INFINITY };

	prlimit(pid, RLIMIT_MEMLOCK, &limit, NULL);
}

void soak_kill(struct soak_shared *shared, struct fuzz_random *random)
{
	while (soak_phase(shared) == SOAK_RUN) {
		pid_t pid = some_actor(shared, random);

		soak_nap(shared, 1 + fuzz_below(random, 120));
		if (pid <= 0)
			continue;
		switch (fuzz_below(random, 10)) {
		case 0:
		case 1:
			soak_count(shared, SOAK_KILLED, !kill(pid, SIGKILL));
			break;
		case 2:
			soak_count(shared, SOAK_KILLED, !kill(pid, SIGTERM));
			break;
		case 3:
			stop_for_a_while(shared, random, pid);
			break;
		case 4:
			change_limit(random, pid);
			break;
		default:
			soak_count(shared, SOAK_SIGNALLED, !kill(pid, SIGUSR1));
		}
	}
}
