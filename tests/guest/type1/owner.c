// SPDX-License-Identifier: GPL-2.0-only
/* Who mapped and who unmaps: exit, exec and fork of the process that is charged. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/file.h"
#include "test.h"

#define PAGES	16

/* Pipes that make a child and the test take turns. */
struct turns {
	int to_child[2];
	int to_parent[2];
};

static void turns_make(struct turns *turns)
{
	OK(pipe(turns->to_child));
	OK(pipe(turns->to_parent));
}

static void signal_turn(const int pipe_fds[2])
{
	EQ(write(pipe_fds[1], "x", 1), 1);
}

static void wait_turn(const int pipe_fds[2])
{
	char c;

	EQ(read(pipe_fds[0], &c, 1), 1);
}

struct mapper {
	struct container *ct;
	struct turns turns;
};

static void map_and_exit(void *arg)
{
	struct mapper *mapper = arg;
	uint8_t *area = memory_small_pages(PAGE * PAGES);

	memory_fill(area, 1024, 11);
	OK(dma_map(mapper->ct->fd, area, IOVA, PAGE * PAGES, DMA_RW));
	EQ(locked_pages(), PAGES);
	_exit(0);
}

TEST(mappings_outlive_the_process_that_made_them)
{
	uint8_t *mine = memory_small_pages(PAGE);
	struct container ct;
	struct mapper mapper = { .ct = &ct };
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	process_join(process_start(map_and_exit, &mapper));
	EQ(container_mappings(&ct), 1);
	OK(dma_map(ct.fd, mine, IOVA + MIB(1), PAGE, DMA_RW));
	container_edu(&ct, 0, &edu);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + MIB(1), 1024));
	TRUE(memory_holds(mine, 1024, 11));
	/* The device may even write there: the pages are still held. */
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	edu_close(&edu);
	EQ(locked_pages(), 1);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * PAGES)), DIFF(OTHER_MM_MAY_UNMAP) ? PAGE * PAGES : 0);
	EQ(locked_pages(), 1);
	container_close(&ct);
}

TEST(owner_exit_then_last_group_leaves)
{
	struct container ct;
	struct mapper mapper = { .ct = &ct };

	container_make(&ct, 0, 2, TYPE1V2);
	process_join(process_start(map_and_exit, &mapper));
	EQ(locked_pages(), 0);
	container_remove(&ct, 0);
	EQ(container_mappings(&ct), 1);
	container_remove(&ct, 1);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

static void unmap_for_parent(void *arg)
{
	struct container *ct = arg;

	EQ(locked_pages(), 0);		/* fork() does not inherit the charge */
	EQ(OK(dma_unmap(ct->fd, IOVA, PAGE * PAGES)), DIFF(OTHER_MM_MAY_UNMAP) ? PAGE * PAGES : 0);
	EQ(locked_pages(), 0);
}

TEST(child_unmaps_and_the_parent_is_uncharged)
{
	uint8_t *area = memory_small_pages(PAGE * PAGES);
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * PAGES, DMA_RW));
	EQ(locked_pages(), PAGES);
	process_join(process_start(unmap_for_parent, &ct));
	EQ(locked_pages(), DIFF(OTHER_MM_MAY_UNMAP) ? 0 : PAGES);
	container_close(&ct);
}

static void child_maps_too(void *arg)
{
	struct mapper *mapper = arg;
	uint8_t *area = memory_small_pages(PAGE * PAGES);

	OK(dma_map(mapper->ct->fd, area, IOVA + MIB(1), PAGE * PAGES, DMA_RW));
	EQ(locked_pages(), PAGES);
	signal_turn(mapper->turns.to_parent);
	wait_turn(mapper->turns.to_child);
	EQ(locked_pages(), DIFF(OTHER_MM_MAY_UNMAP) ? 0 : PAGES);
}

/* Each process is charged for what it mapped, and uncharged by whoever unmaps. */
TEST(parent_unmaps_and_the_child_is_uncharged)
{
	uint8_t *area = memory_small_pages(PAGE * 4);
	struct container ct;
	struct mapper mapper = { .ct = &ct };
	pid_t pid;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 4, DMA_RW));
	turns_make(&mapper.turns);
	pid = process_start(child_maps_too, &mapper);
	wait_turn(mapper.turns.to_parent);
	EQ(locked_pages(), 4);
	OK(dma_unmap(ct.fd, IOVA + MIB(1), PAGE * PAGES));
	EQ(locked_pages(), 4);
	signal_turn(mapper.turns.to_child);
	process_join(pid);
	container_close(&ct);
}

/* --- exec --- */

/*
 * The new program: nothing is charged to it, locking memory works, and it
 * still does so after the mapping of its former self is gone.
 */
int exec_helper(int argc, char **argv)
{
	uint8_t *area;
	struct turns turns;

	if (argc == 4 && !strcmp(argv[2], "vaddr"))
		return vaddr_exec_helper(atoi(argv[3]));
	if (argc != 6)
		return 2;
	turns.to_child[0] = atoi(argv[2]);
	turns.to_child[1] = atoi(argv[3]);
	turns.to_parent[0] = atoi(argv[4]);
	turns.to_parent[1] = atoi(argv[5]);

	EQ(locked_pages(), 0);
	signal_turn(turns.to_parent);
	wait_turn(turns.to_child);
	EQ(locked_pages(), 0);
	drop_ipc_lock();
	limit_locked_pages(4);
	area = memory_small_pages(PAGE * 4);
	OK(mlock(area, PAGE * 4) ? -errno : 0);
	EQ(locked_pages(), 4);
	return 0;
}

static void map_and_exec(void *arg)
{
	struct mapper *mapper = arg;
	uint8_t *area = memory_small_pages(PAGE * PAGES);
	char fds[4][16];

	OK(dma_map(mapper->ct->fd, area, IOVA, PAGE * PAGES, DMA_RW));
	snprintf(fds[0], 16, "%d", mapper->turns.to_child[0]);
	snprintf(fds[1], 16, "%d", mapper->turns.to_child[1]);
	snprintf(fds[2], 16, "%d", mapper->turns.to_parent[0]);
	snprintf(fds[3], 16, "%d", mapper->turns.to_parent[1]);
	execl("/proc/self/exe", "type1-test", "--exec-helper", fds[0], fds[1], fds[2], fds[3], (char *)NULL);
	OK(-errno);
}

TEST(exec_of_the_owner_leaves_the_new_program_uncharged)
{
	struct container ct;
	struct mapper mapper = { .ct = &ct };
	pid_t pid;

	container_make(&ct, 0, 1, TYPE1V2);
	turns_make(&mapper.turns);
	pid = process_start(map_and_exec, &mapper);
	wait_turn(mapper.turns.to_parent);
	EQ(container_mappings(&ct), 1);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * PAGES)), DIFF(OTHER_MM_MAY_UNMAP) ? PAGE * PAGES : 0);
	signal_turn(mapper.turns.to_child);
	process_join(pid);
	container_close(&ct);
}

TEST(exec_of_the_owner_then_the_last_group_leaves)
{
	struct container ct;
	struct mapper mapper = { .ct = &ct };
	pid_t pid;

	container_make(&ct, 0, 1, TYPE1V2);
	turns_make(&mapper.turns);
	pid = process_start(map_and_exec, &mapper);
	wait_turn(mapper.turns.to_parent);
	container_remove(&ct, 0);
	signal_turn(mapper.turns.to_child);
	process_join(pid);
	container_close(&ct);
}

/* --- death --- */

static void own_everything_and_sleep(void *arg)
{
	struct mapper *mapper = arg;
	uint8_t *area = memory_small_pages(PAGE * 512);
	struct container ct;

	container_make(&ct, 0, 2, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, PAGE * 512, DMA_RW));
	signal_turn(mapper->turns.to_parent);
	pause();
}

TEST(killed_owner_leaves_nothing)
{
	struct mapper mapper;
	struct counts before;
	int status;
	pid_t pid;

	NEED_DEVICES(2);
	counters_read(&before);
	turns_make(&mapper.turns);
	pid = process_start(own_everything_and_sleep, &mapper);
	wait_turn(mapper.turns.to_parent);
	kill(pid, SIGKILL);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(module_use_count(env.module), 0);
	EQ(counters_since(&before, COUNT_FREE), counters_since(&before, COUNT_ALLOC));
	EQ(counters_since(&before, COUNT_DETACH), counters_since(&before, COUNT_ATTACH));
}

TEST(memory_unmapped_by_the_owner_stays_in_the_device)
{
	uint8_t *area = memory_small_pages(PAGE), *back = memory_small_pages(PAGE);
	struct container ct;
	struct edu edu;

	container_make(&ct, 0, 1, TYPE1V2);
	memory_fill(area, 1024, 21);
	OK(dma_map(ct.fd, area, IOVA, PAGE, DMA_RW));
	OK(dma_map(ct.fd, back, IOVA + PAGE, PAGE, DMA_RW));
	munmap(area, PAGE);
	container_edu(&ct, 0, &edu);
	OK(edu_read_memory(&edu, IOVA, 1024));
	OK(edu_write_memory(&edu, IOVA + PAGE, 1024));
	TRUE(memory_holds(back, 1024, 21));
	EQ(locked_pages(), 2);
	edu_close(&edu);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 2)), PAGE * 2);
	container_close(&ct);
}

static void *map_in_thread(void *arg)
{
	struct container *ct = arg;
	uint8_t *area = memory_small_pages(PAGE * PAGES);

	OK(dma_map(ct->fd, area, IOVA, PAGE * PAGES, DMA_RW));
	return NULL;
}

TEST(mapping_made_by_a_thread_that_ended_is_uncharged)
{
	struct container ct;
	pthread_t thread;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(-pthread_create(&thread, NULL, map_in_thread, &ct));
	pthread_join(thread, NULL);
	EQ(locked_pages(), PAGES);
	EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * PAGES)), PAGE * PAGES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* --- a process that gets the container from another, as a secondary process of DPDK does --- */

static void map_too_early(void *arg)
{
	struct container *ct = arg;
	uint8_t *area = memory_small_pages(PAGE);

	FAILS(EINVAL, dma_map(ct->fd, area, IOVA, PAGE, DMA_RW));
	FAILS(EINVAL, dma_unmap(ct->fd, IOVA, PAGE));
	EQ(locked_pages(), 0);
}

static void map_and_unmap_mine(void *arg)
{
	struct container *ct = arg;
	uint8_t *area = memory_small_pages(PAGE * PAGES);

	OK(dma_map(ct->fd, area, IOVA, PAGE * PAGES, DMA_RW));
	EQ(locked_pages(), PAGES);
	EQ(OK(dma_unmap(ct->fd, IOVA, PAGE * PAGES)), PAGE * PAGES);
	EQ(locked_pages(), 0);
}

TEST(other_process_can_map_once_the_container_has_a_driver)
{
	struct container ct;

	container_init(&ct);
	process_join(process_start(map_too_early, &ct));
	container_add(&ct, 0);
	process_join(process_start(map_too_early, &ct));
	OK(container_set_iommu(ct.fd, TYPE1V2));
	process_join(process_start(map_and_unmap_mine, &ct));
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}
