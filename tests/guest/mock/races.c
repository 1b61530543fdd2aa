// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several at once on one container, while domains come and go: whatever is mapped when a domain is born, or is being
 * mapped just then, is in it; and whatever is unmapped is in none.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mock.h"

#define WORKERS		2
#define PAGES		64
#define BYTES		(PAGES * PAGE)
#define ROUNDS		150
#define DEATHS		20

/* Each worker has a range of its own, and one more is always mapped. */
#define SPACING		(2 * BYTES)
#define RANGE(n)	(IOVA + (n) * SPACING)
#define CONSTANT	RANGE(WORKERS + 1)
#define MORTAL		RANGE(WORKERS)

struct worker {
	int container;
	uint64_t iova;
	uint8_t *area;
	atomic_bool *stop;
	unsigned long rounds;
	pthread_t thread;
};

static void start(struct worker *w, void *(*fn)(void *))
{
	OK(-pthread_create(&w->thread, NULL, fn, w));
}

/* Leaves its range mapped. */
static void *map_and_unmap(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		OK(dma_map(w->container, w->area, w->iova, BYTES, DMA_RW));
		w->rounds++;
		if (atomic_load(w->stop))
			return NULL;
		EQ(OK(dma_unmap(w->container, w->iova, BYTES)), BYTES);
	}
}

static void *track_and_stop(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(w->stop)) {
		OK(dirty_tracking(w->container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
		OK(dirty_tracking(w->container, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
		w->rounds++;
	}
	return NULL;
}

static void map_until_killed(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		OK(dma_map(w->container, w->area, w->iova, BYTES, DMA_RW));
		EQ(OK(dma_unmap(w->container, w->iova, BYTES)), BYTES);
	}
}

/* Processes that share the container, and die in the middle of a call or between two. */
static void *outlive_processes(void *arg)
{
	struct worker *w = arg;
	int status;
	pid_t pid;
	int i;

	for (i = 0; i < DEATHS; i++) {
		pid = process_start(map_until_killed, w);
		usleep(1000 + i % 7 * 700);
		OK(kill(pid, SIGKILL) ? -errno : 0);
		EQ(waitpid(pid, &status, 0), pid);
		TRUE(WIFSIGNALED(status));
		/* What the dead one had mapped is still there, or it had nothing. */
		OK(dma_unmap(w->container, w->iova, BYTES));
		w->rounds++;
	}
	return NULL;
}

/* A container with a group and a mapping that stays, and threads at work. */
struct scene {
	struct container ct;
	int first, second;		/* groups behind different IOMMUs; the second is not in it yet */
	uint8_t *constant;
	struct worker workers[WORKERS];
	atomic_bool stop;
};

static void begin(struct scene *scene)
{
	int i;

	*scene = (struct scene){
		.first = mock_group(0, 1), .second = mock_group(1, 1), .constant = memory_small_pages(BYTES),
	};
	container_make(&scene->ct, scene->first, 1, TYPE1V2);
	OK(dma_map(scene->ct.fd, scene->constant, CONSTANT, BYTES, DMA_RW));
	for (i = 0; i < WORKERS; i++) {
		scene->workers[i] = (struct worker){
			.container = scene->ct.fd,
			.stop = &scene->stop,
			.iova = RANGE(i),
			.area = memory_small_pages(BYTES),
		};
		start(&scene->workers[i], map_and_unmap);
	}
}

/* The domains hold the same, and both groups reach all of it. */
static void expect_all_mapped(const struct scene *scene)
{
	const int groups[] = { scene->first, scene->second };
	struct mock_domain domains[4];
	unsigned int i;
	int k;

	EQ(mock_domains(domains, 4), 2);
	for (i = 0; i < 2; i++) {
		EQ(domains[i].pages, (WORKERS + 1) * PAGES);
		for (k = 0; k < WORKERS; k++)
			expect_group_reaches(groups[i], RANGE(k), scene->workers[k].area);
		expect_group_reaches(groups[i], CONSTANT, scene->constant);
	}
	EQ(locked_pages(), (WORKERS + 1) * PAGES);
}

/* Both groups are in the container. */
static void end(struct scene *scene)
{
	int i;

	atomic_store(&scene->stop, true);
	for (i = 0; i < WORKERS; i++) {
		pthread_join(scene->workers[i].thread, NULL);
		TRUE(scene->workers[i].rounds > 0);
	}
	expect_all_mapped(scene);
	EQ(OK(dma_unmap(scene->ct.fd, IOVA, (WORKERS + 2) * SPACING)), (WORKERS + 1) * BYTES);
	EQ(mock_counter("pages"), 0);
	EQ(locked_pages(), 0);
	container_close(&scene->ct);
	expect_nothing_left();
}

TEST(threads_map_while_domains_come_and_go, .seconds = 120)
{
	struct worker tracker;
	struct scene scene;
	int i;

	begin(&scene);
	tracker = (struct worker){ .container = scene.ct.fd, .stop = &scene.stop };
	start(&tracker, track_and_stop);
	for (i = 0; i < ROUNDS; i++) {
		container_add(&scene.ct, scene.second);
		expect_group_reaches(scene.second, CONSTANT, scene.constant);
		if (i < ROUNDS - 1)
			container_remove(&scene.ct, scene.second);
	}
	atomic_store(&scene.stop, true);
	pthread_join(tracker.thread, NULL);
	TRUE(tracker.rounds > 0);
	end(&scene);
}

TEST(threads_map_beside_processes_that_are_killed, .seconds = 120)
{
	struct worker mourner;
	struct scene scene;

	if (!DIFF(OTHER_MM_MAY_UNMAP))
		test_skip("there, no process can unmap what another has mapped");
	begin(&scene);
	mourner = (struct worker){ .container = scene.ct.fd, .iova = MORTAL, .area = memory_small_pages(BYTES) };
	start(&mourner, outlive_processes);
	pthread_join(mourner.thread, NULL);
	container_add(&scene.ct, scene.second);
	end(&scene);
}
