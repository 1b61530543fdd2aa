// SPDX-License-Identifier: GPL-2.0-only
/* Several threads on one container. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define THREADS	2
#define ROUNDS	300

struct worker {
	struct container *ct;
	uint64_t iova;
	uint8_t *area;
	unsigned int seed;
	unsigned int mapped, refused;
	atomic_bool *stop;
	pthread_t thread;
};

static void *map_own_range(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		OK(dma_map(w->ct->fd, w->area, w->iova, PAGE * 8, DMA_RW));
		EQ(OK(dma_unmap(w->ct->fd, w->iova, PAGE * 8)), PAGE * 8);
	}
	OK(dma_map(w->ct->fd, w->area, w->iova, PAGE * 8, DMA_RW));
	return NULL;
}

static void start(struct worker *w, void *(*fn)(void *))
{
	OK(-pthread_create(&w->thread, NULL, fn, w));
}

TEST(threads_map_disjoint_ranges, .seconds = 120)
{
	struct worker workers[THREADS];
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
			.ct = &ct, .iova = IOVA + i * MIB(1), .area = memory_small_pages(PAGE * 8),
		};
		start(&workers[i], map_own_range);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	EQ(container_mappings(&ct), THREADS);
	EQ(locked_pages(), THREADS * 8);
	EQ(OK(dma_unmap(ct.fd, IOVA, MIB(THREADS))), THREADS * PAGE * 8);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

#define LIMIT_RACES	20

/* Each of several calls fits the limit, and no two of them do. */
static void *map_for_the_limit(void *arg)
{
	struct worker *w = arg;
	int64_t ret = dma_map(w->ct->fd, w->area, w->iova, MIB(4), DMA_RW);

	if (ret != -ENOMEM)
		w->mapped += !OK(ret);
	return NULL;
}

TEST(threads_cannot_exceed_the_limit_together, .seconds = 120)
{
	struct worker workers[THREADS] = {};
	uint8_t *area = memory_small_pages(MIB(4));
	struct container ct;
	int race, i;

	drop_ipc_lock();
	limit_locked_pages(MIB(6) / PAGE);
	container_make(&ct, 0, 1, TYPE1V2);
	for (race = 0; race < LIMIT_RACES; race++) {
		for (i = 0; i < THREADS; i++) {
			workers[i] = (struct worker){ .ct = &ct, .iova = IOVA + i * MIB(4), .area = area };
			start(&workers[i], map_for_the_limit);
		}
		for (i = 0; i < THREADS; i++)
			pthread_join(workers[i].thread, NULL);
		EQ(workers[0].mapped + workers[1].mapped, 1);
		EQ(locked_pages(), MIB(4) / PAGE);
		EQ(OK(dma_unmap(ct.fd, IOVA, MIB(4) * THREADS)), MIB(4));
		EQ(locked_pages(), 0);
	}
	container_close(&ct);
}

/* Each call either does all of its work or says that another was first. */
static void *map_contended_range(void *arg)
{
	struct worker *w = arg;
	int64_t ret;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		w->seed = w->seed * 1103515245 + 12345;
		ret = dma_map(w->ct->fd, w->area, w->iova + (w->seed >> 16) % 4 * PAGE, PAGE * 2, DMA_RW);
		if (!ret)
			w->mapped++;
		else if (ret == -EEXIST)
			w->refused++;
		else
			OK(ret);
		ret = dma_unmap(w->ct->fd, w->iova, PAGE * 8);
		TRUE(ret >= 0 && !(ret % (PAGE * 2)));
	}
	return NULL;
}

TEST(threads_map_overlapping_ranges, .seconds = 120)
{
	struct worker workers[THREADS];
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
			.ct = &ct, .iova = IOVA, .area = memory_small_pages(PAGE * 2), .seed = i,
		};
		start(&workers[i], map_contended_range);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	OK(dma_unmap(ct.fd, IOVA, PAGE * 8));
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	TRUE(workers[0].mapped + workers[1].mapped > 0);
	container_close(&ct);
}

static void *ask_for_info(void *arg)
{
	struct worker *w = arg;
	struct type1_info info;

	while (!atomic_load(w->stop)) {
		OK(type1_get_info(w->ct->fd, &info));
		TRUE(info.nr_ranges >= 1);
		TRUE(info.pgsizes & PAGE);
	}
	return NULL;
}

/* What GET_INFO says stays whole while groups and mappings come and go. */
TEST(info_while_groups_and_mappings_change, .seconds = 120)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	atomic_bool stop = false;
	struct container ct;
	struct worker asker = { .ct = &ct, .stop = &stop };
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	start(&asker, ask_for_info);
	for (i = 0; i < ROUNDS; i++) {
		OK(dma_map(ct.fd, area, IOVA, PAGE * 8, DMA_RW));
		if (nr_devices > 1) {
			container_add(&ct, 1);
			container_remove(&ct, 1);
		}
		EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 8)), PAGE * 8);
	}
	atomic_store(&stop, true);
	pthread_join(asker.thread, NULL);
	container_close(&ct);
}

static void *map_until_stopped(void *arg)
{
	struct worker *w = arg;
	int64_t ret;

	while (!atomic_load(w->stop)) {
		ret = dma_map(w->ct->fd, w->area, w->iova, PAGE * 8, DMA_RW);
		/* EINVAL: the container has no driver just now. */
		TRUE(!ret || ret == -EINVAL || ret == -EEXIST);
		w->mapped += !ret;
		ret = dma_unmap(w->ct->fd, w->iova, PAGE * 8);
		TRUE(ret == 0 || ret == -EINVAL || ret == (int64_t)PAGE * 8);
	}
	return NULL;
}

/*
 * The core holds nothing while an ioctl runs in the driver, so the container
 * can be released under it.
 */
TEST(ioctl_in_flight_while_the_last_group_leaves, .seconds = 120,
     .not_on_stock = "a use after free in stock")
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	atomic_bool stop = false;
	struct container ct;
	struct worker mapper = { .ct = &ct, .stop = &stop, .iova = IOVA, .area = area };
	int i;

	container_init(&ct);
	start(&mapper, map_until_stopped);
	for (i = 0; i < ROUNDS; i++) {
		container_add(&ct, 0);
		OK(container_set_iommu(ct.fd, TYPE1V2));
		usleep(i % 20 * 50);
		container_remove(&ct, 0);
	}
	atomic_store(&stop, true);
	pthread_join(mapper.thread, NULL);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

static void *leave_and_come_back(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		container_add(w->ct, 1);
		container_remove(w->ct, 1);
	}
	return NULL;
}

TEST(mapping_while_a_group_comes_and_goes, .seconds = 120)
{
	uint8_t *area = memory_small_pages(PAGE * 8);
	struct container ct;
	struct worker mover = { .ct = &ct };
	struct edu edu;
	int i;

	NEED_DEVICES(2);
	container_make(&ct, 0, 1, TYPE1V2);
	start(&mover, leave_and_come_back);
	for (i = 0; i < ROUNDS; i++) {
		OK(dma_map(ct.fd, area, IOVA, PAGE * 8, DMA_RW));
		EQ(OK(dma_unmap(ct.fd, IOVA, PAGE * 8)), PAGE * 8);
	}
	OK(dma_map(ct.fd, area, IOVA, PAGE * 8, DMA_RW));
	pthread_join(mover.thread, NULL);
	container_edu(&ct, 0, &edu);
	memory_fill(area, 512, 50);
	OK(edu_read_memory(&edu, IOVA, 512));
	OK(edu_write_memory(&edu, IOVA + PAGE * 7, 512));
	TRUE(memory_holds(area + PAGE * 7, 512, 50));
	edu_close(&edu);
	container_close(&ct);
}
