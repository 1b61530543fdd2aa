// SPDX-License-Identifier: GPL-2.0-only
/* The processes of a side besides the first: how they begin, get something to do, become another program, and end. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "side.h"

static void wait_for_actor(struct fuzz_actor *actor, uint32_t request)
{
	while (__atomic_load_n(&actor->request, __ATOMIC_SEQ_CST) == request)
		fuzz_futex_wait(&actor->request, request);
}

static void ask(struct fuzz_actor *actor, uint32_t request)
{
	__atomic_store_n(&actor->request, request, __ATOMIC_SEQ_CST);
	fuzz_futex_wake(&actor->request);
}

void fuzz_actor_run(struct fuzz_side *side)
{
	struct fuzz_actor *actor = &side->pages->meta.actor[side->actor];
	uint32_t request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fuzz_leave_devices();
	for (;;) {
		__atomic_store_n(&actor->request, 0, __ATOMIC_SEQ_CST);
		fuzz_futex_wake(&actor->request);
		while (!(request = __atomic_load_n(&actor->request, __ATOMIC_SEQ_CST)))
			fuzz_futex_wait(&actor->request, 0);
		if (request == FUZZ_CLOSE_DEVICE)
			close(FUZZ_FD_DEVICE + FUZZ_EMULATED);
		else
			fuzz_execute(side, request - 1);
	}
}

/* type1-fuzz --actor SIDE ACTOR, with the files of the process that became this one. */
int fuzz_actor_main(int argc, char **argv)
{
	struct fuzz_side side = {};

	if (argc != 4)
		return 2;
	side.which = atoi(argv[2]);
	side.actor = atoi(argv[3]);
	side.shared = mmap(NULL, sizeof(*side.shared), PROT_READ | PROT_WRITE, MAP_SHARED, FUZZ_FD_SHARED, 0);
	if (side.shared == MAP_FAILED)
		return 1;
	side.pages = &side.shared->pages[side.which];
	fuzz_side_map(&side, false);
	fuzz_actor_run(&side);
}

long fuzz_fork(struct fuzz_side *side, unsigned int number)
{
	struct fuzz_actor *actor = &side->pages->meta.actor[number];
	pid_t pid;

	if (actor->pid)
		return -EEXIST;
	actor->request = 1;
	pid = fork();
	if (!pid) {
		side->actor = number;
		fuzz_actor_run(side);
	}
	actor->pid = pid;
	wait_for_actor(actor, 1);
	return 0;
}

void fuzz_exec(struct fuzz_side *side)
{
	char which[12], number[12];

	snprintf(which, sizeof(which), "%d", side->which);
	snprintf(number, sizeof(number), "%u", side->actor);
	execl("/proc/self/exe", "type1-fuzz", "--actor", which, number, (char *)NULL);
	fuzz_broken(side->shared, "exec: %s", strerror(errno));
}

void fuzz_hand_on(struct fuzz_side *side, unsigned int number, unsigned int index)
{
	struct fuzz_actor *actor = &side->pages->meta.actor[number];

	if (!actor->pid) {
		memset(side->pages->arg, FUZZ_CANARY, sizeof(side->pages->arg));
		memset(side->pages->bitmap, FUZZ_CANARY, sizeof(side->pages->bitmap));
		side->pages->meta.ret = -ESRCH;
		return;
	}
	side->pages->meta.ret = 0;
	ask(actor, index + 1);
	if (side->shared->script.op[index].kind == FUZZ_EXIT) {
		waitpid(actor->pid, NULL, 0);
		actor->pid = 0;
		return;
	}
	wait_for_actor(actor, index + 1);
}

void fuzz_actors_close_device(struct fuzz_side *side)
{
	struct fuzz_actor *actor;

	for (actor = side->pages->meta.actor; actor < side->pages->meta.actor + FUZZ_ACTORS; actor++) {
		if (!actor->pid)
			continue;
		ask(actor, FUZZ_CLOSE_DEVICE);
		wait_for_actor(actor, FUZZ_CLOSE_DEVICE);
	}
}

void fuzz_actors_end(struct fuzz_side *side)
{
	struct fuzz_actor *actor;

	for (actor = side->pages->meta.actor; actor < side->pages->meta.actor + FUZZ_ACTORS; actor++) {
		if (!actor->pid)
			continue;
		kill(actor->pid, SIGKILL);
		waitpid(actor->pid, NULL, 0);
		actor->pid = 0;
	}
}
