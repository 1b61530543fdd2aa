// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an actor does as a process: fork, become another program, end, hand files on, have limits,
 * be interrupted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "../lib/fail-nth.h"
#include "soak.h"

static struct soak_slot *claim_slot(struct soak_shared *shared)
{
	unsigned int i;
	pid_t nobody;

	for (i = SOAK_ACTORS; i < SOAK_SLOTS; i++) {
		nobody = 0;
		if (__atomic_compare_exchange_n(&shared->slot[i].pid, &nobody, -1, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return &shared->slot[i];
	}
	return NULL;
}

/* A child of the supervisor, which sees its end even if the actor that made it lives on. */
static pid_t fork_sibling(void)
{
	return syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

/* Goes on as both. */
long soak_fork(struct soak_actor *me)
{
	struct soak_slot *slot = claim_slot(me->shared);
	uint64_t seed = fuzz_random(&me->random);
	pid_t pid;

	if (!slot)
		return -EAGAIN;
	slot->closed = 0;
	slot->still_locked = 0;
	slot->tight = me->slot->tight;
	slot->seed = seed;
	memcpy(slot->device, me->slot->device, sizeof(slot->device));
	pid = fork_sibling();
	if (pid < 0) {
		slot->pid = 0;
		return -errno;
	}
	if (pid)
		return 0;
	me->slot = slot;
	me->random.state = seed;
	if (me->fails_allocations)
		fail_nth_forked();
	__atomic_store_n(&slot->pid, getpid(), __ATOMIC_SEQ_CST);
	return 0;
}

/* The name is what the kernel log calls the process from then on. */
long soak_exec(struct soak_actor *me)
{
	char slot[12];

	snprintf(slot, sizeof(slot), "%zu", me->slot - me->shared->slot);
	me->slot->seed = fuzz_random(&me->random);
	soak_count(me->shared, SOAK_EXEC, true);
	execl(me->slot->tight ? "/tmp/soak-tight" : "/tmp/soak-actor", "type1-soak", "--actor",
	      slot, (char *)NULL);
	return -errno;
}

/* With everything open. */
long soak_exit(struct soak_actor *me)
{
	soak_count(me->shared, SOAK_EXIT, true);
	_exit(0);
}

struct parcel {
	int first; /* what kind of file it is */
	uint32_t device;
};

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* Nobody has to take it. */
long soak_send(struct soak_actor *me)
{
	static const struct {
		int first;
		unsigned int n;
	} kinds[] = {
		{ SOAK_FD_CONTAINER, SOAK_CONTAINERS },
		{ SOAK_FD_CONTAINER, SOAK_CONTAINERS },
		{ SOAK_FD_GROUP, SOAK_GROUPS },
	};
	unsigned int kind = fuzz_below(&me->random, 3);
	int fd = soak_some_file(me, kinds[kind].first, kinds[kind].n);
	struct parcel parcel = { .first = kinds[kind].first };
	struct iovec data = { &parcel, sizeof(parcel) };
	union control control = {};
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (fd < 0)
		return fd;
	if (parcel.first == SOAK_FD_GROUP)
		parcel.device = me->slot->device[fd - SOAK_FD_GROUP];
	*header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
				    .cmsg_type = SCM_RIGHTS,
				    .cmsg_len = CMSG_LEN(sizeof(int)) };
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return sendmsg(SOAK_FD_SEND, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

long soak_receive(struct soak_actor *me)
{
	struct parcel parcel;
	struct iovec data = { &parcel, sizeof(parcel) };
	union control control = {};
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int fd, file;

	if (recvmsg(SOAK_FD_RECEIVE, &message, MSG_DONTWAIT) != sizeof(parcel))
		return -EAGAIN;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(int));
	file = soak_free_file(parcel.first,
			      parcel.first == SOAK_FD_GROUP ? SOAK_GROUPS : SOAK_CONTAINERS);
	if (file < 0) {
		close(fd);
		return file;
	}
	if (parcel.first == SOAK_FD_GROUP)
		me->slot->device[file - SOAK_FD_GROUP] = parcel.device;
	return soak_keep_at(fd, file);
}

static int hold_ipc_lock(bool hold)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	if (hold)
		data[0].effective |= 1u << CAP_IPC_LOCK;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* The limit, and whether it counts. */
long soak_limit(struct soak_actor *me)
{
	static const rlim_t limits[] = {
		0, 1 << 16, 1 << 20, 1 << 23, RLIM_INFINITY, RLIM_INFINITY, RLIM_INFINITY,
	};
	const struct rlimit limit = { FUZZ_PICK(&me->random, limits), RLIM_INFINITY };

	if (fuzz_percent(&me->random, 50))
		return hold_ipc_lock(fuzz_percent(&me->random, 50));
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

/* In the middle of what comes next, perhaps. */
long soak_alarm(struct soak_actor *me)
{
	const struct itimerval timer = { .it_value.tv_usec = 20 + fuzz_below(&me->random, 4000) };

	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}
