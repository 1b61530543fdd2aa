// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a process whose mmap lock is held for as long as that process likes. Others who have to
 * do with it can be killed, whoever cannot be does not wait, and no page stays charged for ever.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/mmap-hold.h"
#include "emulated.h"

#define STOCK_FORGETS "stock forgets the charge when whoever unmaps is killed"

/* Pipes between the test and the process whose memory it is. */
struct owner {
	struct container *ct;
	int mapped[2];
	int go_on[2];
	int exited[2];
	pid_t pid;
};

static void owner_init(struct owner *owner, struct container *ct)
{
	*owner = (struct owner){ .ct = ct };
	OK(pipe(owner->mapped) ? -errno : 0);
	OK(pipe(owner->go_on) ? -errno : 0);
	OK(pipe(owner->exited) ? -errno : 0);
}

/* Says that the memory is mapped, and waits until its mmap lock is free again. */
static void sleep_with_the_lock_held(struct owner *owner)
{
	const pid_t pid = getpid();
	char c;

	EQ(write(owner->mapped[1], &pid, sizeof(pid)), sizeof(pid));
	EQ(read(owner->go_on[0], &c, 1), 1);
}

static void wait_until_nothing_is_charged(void)
{
	time_t end = time(NULL) + 10 * test_slowness();

	while (locked_pages() && time(NULL) < end)
		usleep(10000);
	EQ(locked_pages(), 0);
}

/* Maps as much as its limit allows, and can do so again as soon as somebody has unmapped that. */
static void map_twice(void *arg)
{
	struct owner *owner = arg;
	uint8_t *area = memory_small_pages(BYTES);

	drop_ipc_lock();
	limit_locked_pages(PAGES);
	OK(dma_map(owner->ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(locked_pages(), PAGES);
	sleep_with_the_lock_held(owner);
	OK(dma_map(owner->ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(locked_pages(), PAGES);
	EQ(OK(dma_unmap(owner->ct->fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
}

/* Does a process that was killed end while the owner's lock is held? */
static bool is_gone(pid_t pid)
{
	time_t end = time(NULL) + 5 * test_slowness();
	int status;
	pid_t got;

	do {
		got = waitpid(pid, &status, WNOHANG);
		usleep(10000);
	} while (!got && time(NULL) < end);
	return got == pid && WIFSIGNALED(status);
}

static void unmap_and_sleep(void *arg)
{
	struct container *ct = arg;

	dma_unmap(ct->fd, IOVA, BYTES);
	pause();
}

static void hold_lock_of(struct owner *owner)
{
	EQ(read(owner->mapped[0], &owner->pid, sizeof(owner->pid)), sizeof(owner->pid));
	OK(mmap_hold(owner->pid));
}

static void let_go_on(struct owner *owner)
{
	mmap_let_go();
	EQ(write(owner->go_on[1], "x", 1), 1);
}

TEST(unmap_of_anothers_memory_can_be_killed, .not_on_stock = STOCK_FORGETS)
{
	struct container ct;
	struct owner owner;
	pid_t pid, unmapper;
	bool gone;

	container_make(&ct, 0, 1, TYPE1V2);
	owner_init(&owner, &ct);
	pid = process_start(map_twice, &owner);
	hold_lock_of(&owner);
	unmapper = process_start(unmap_and_sleep, &ct);
	usleep(300000 * test_slowness());
	OK(kill(unmapper, SIGKILL) ? -errno : 0);
	gone = is_gone(unmapper);
	let_go_on(&owner);
	TRUE(gone);
	process_join(pid);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

/* --- the container's last user is killed: nothing can end a wait of a process that exits --- */

static void map_in_anothers_container(void *arg)
{
	struct owner *owner = arg;
	uint8_t *area = memory_small_pages(BYTES);

	OK(dma_map(owner->ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(locked_pages(), PAGES);
	close(owner->ct->group[0]);
	close(owner->ct->fd);
	sleep_with_the_lock_held(owner);
	wait_until_nothing_is_charged();
	EQ(write(owner->exited[1], "x", 1), 1);
}

/* The whole container is this process's, when its child has closed what it inherited. */
static void use_until_killed(void *arg)
{
	struct owner *owner = arg;

	container_make(owner->ct, 0, 1, TYPE1V2);
	process_start(map_in_anothers_container, owner);
	pause();
}

TEST(user_of_anothers_memory_can_be_killed, .not_on_stock = STOCK_FORGETS)
{
	struct container ct;
	struct owner owner;
	bool gone;
	pid_t pid;
	char c;

	owner_init(&owner, &ct);
	pid = process_start(use_until_killed, &owner);
	hold_lock_of(&owner);
	OK(kill(pid, SIGKILL) ? -errno : 0);
	gone = is_gone(pid);
	let_go_on(&owner);
	TRUE(gone);
	EQ(read(owner.exited[0], &c, 1), 1);
}

/* --- a driver's worker, which cannot be killed --- */

static struct emulated emulated;

static void map_and_pin(void *arg)
{
	struct owner *owner = arg;
	uint8_t *area = memory_small_pages(BYTES);

	OK(dma_map(owner->ct->fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 5, DMA_RW)), 5);
	EQ(locked_pages(), 5);
	sleep_with_the_lock_held(owner);
	wait_until_nothing_is_charged();
}

static void unmap(void *arg)
{
	struct container *ct = arg;

	EQ(OK(dma_unmap(ct->fd, IOVA, BYTES)), BYTES);
}

TEST(worker_that_unpins_anothers_memory_does_not_wait, .not_on_stock = "stock waits")
{
	time_t end = time(NULL) + 10 * test_slowness();
	struct container ct;
	struct owner owner;
	pid_t pid, unmapper, got;
	int status = -1;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(emulated_behave(emulated.fd, NG_EMULATED_LATE));
	owner_init(&owner, &ct);
	pid = process_start(map_and_pin, &owner);
	hold_lock_of(&owner);
	unmapper = process_start(unmap, &ct);
	do {
		got = waitpid(unmapper, &status, WNOHANG);
		usleep(10000);
	} while (!got && time(NULL) < end);
	let_go_on(&owner);
	EQ(got, unmapper);
	EQ(status, 0);
	process_join(pid);
	container_close(&ct);
}
