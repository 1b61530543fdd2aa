// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that take long: they end when they must, and nobody has to wait for them who does not want the same addresses.
 *
 * How long is measured here, never written down, because guests are slow.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/file.h"
#include "emulated.h"

#define HUGE_BYTES	GIB(2)

/* Calls of others that have to succeed while one long call runs. */
#define OTHERS		30

/* Above what is reserved for interrupts. */
#define HUGE_IOVA	GIB(8)
#define OTHER_IOVA	(HUGE_IOVA + 2 * HUGE_BYTES)

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000) + t.tv_nsec / 1000;
}

/* Not touched yet, so that all that a call may have to do is done. */
static uint8_t *huge_area(void)
{
	uint8_t *area = memory_repeated(HUGE_BYTES, MIB(64));

	TRUE(area);
	return area;
}

struct call {
	struct container *ct;
	uint8_t *area;
	atomic_bool done;
	uint64_t us;
	pthread_t thread;
};

static void *map_huge(void *arg)
{
	struct call *call = arg;
	uint64_t start = now_us();

	OK(dma_map(call->ct->fd, call->area, HUGE_IOVA, HUGE_BYTES, DMA_RW));
	call->us = now_us() - start;
	atomic_store(&call->done, true);
	return NULL;
}

static void *unmap_huge(void *arg)
{
	struct call *call = arg;

	EQ(OK(dma_unmap(call->ct->fd, HUGE_IOVA, HUGE_BYTES)), HUGE_BYTES);
	atomic_store(&call->done, true);
	return NULL;
}

static void map_huge_until_killed(void *arg)
{
	map_huge(arg);
	pause();
}

static void start(struct call *call, void *(*fn)(void *))
{
	atomic_store(&call->done, false);
	OK(-pthread_create(&call->thread, NULL, fn, call));
}

/* A mapping that is being made counts from the start. */
static void wait_until_under_way(struct container *ct)
{
	while (!container_mappings(ct))
		usleep(1000);
}

/*
 * What bounds it: pinning looks for a signal every 2 MiB, and what was mapped until then is taken back, which is cheaper
 * than mapping it was.
 */
TEST(kill_ends_a_huge_map_promptly, .seconds = 240, .not_on_stock = "it does not tell that a call is under way")
{
	const size_t part = HUGE_BYTES / 32;
	struct call call = { .area = huge_area() };
	uint64_t start, part_us, end_us;
	struct container ct;
	int status;
	pid_t pid;

	container_make(&ct, 0, 1, TYPE1V2);
	call.ct = &ct;
	start = now_us();
	OK(dma_map(ct.fd, call.area, HUGE_IOVA, part, DMA_RW));
	part_us = now_us() - start;
	EQ(OK(dma_unmap(ct.fd, HUGE_IOVA, part)), part);

	pid = process_start(map_huge_until_killed, &call);
	wait_until_under_way(&ct);
	usleep(part_us);
	EQ(container_mappings(&ct), 1);
	start = now_us();
	OK(kill(pid, SIGKILL) ? -errno : 0);
	EQ(waitpid(pid, &status, 0), pid);
	end_us = now_us() - start;
	TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ktap_diag("1/32 of the call takes %u ms; it was killed after that, and gone in %u ms", (unsigned int)(part_us / 1000),
		  (unsigned int)(end_us / 1000));
	TRUE(end_us < 8 * part_us);

	/* Nothing is left of it. */
	EQ(container_mappings(&ct), 0);
	OK(dma_map(ct.fd, call.area, HUGE_IOVA, PAGE, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, HUGE_IOVA, HUGE_BYTES)), PAGE);
	container_close(&ct);
}

/* Calls for other addresses, one after the other, all while the long one runs. */
static void expect_others_proceed(struct container *ct, struct call *call, uint8_t *other)
{
	struct type1_info info;
	int i;

	for (i = 0; i < OTHERS; i++) {
		OK(dma_map(ct->fd, other, OTHER_IOVA, PAGE * 4, DMA_RW));
		OK(type1_get_info(ct->fd, &info));
		EQ(OK(dma_unmap(ct->fd, OTHER_IOVA, PAGE * 4)), PAGE * 4);
	}
	TRUE(!atomic_load(&call->done));
}

TEST(other_calls_proceed_beside_huge_ones, .seconds = 240, .not_on_stock = "one call at a time")
{
	uint8_t *other = memory_small_pages(PAGE * 4);
	struct call call = { .area = huge_area() };
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	call.ct = &ct;
	start(&call, map_huge);
	wait_until_under_way(&ct);
	expect_others_proceed(&ct, &call, other);
	pthread_join(call.thread, NULL);
	EQ(locked_pages(), HUGE_BYTES / PAGE);

	start(&call, unmap_huge);
	/* Whether it has begun or not, nobody waits for it. */
	expect_others_proceed(&ct, &call, other);
	pthread_join(call.thread, NULL);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(in_kernel_pins_proceed_beside_a_huge_map, .seconds = 240, .not_on_stock = "one call at a time")
{
	uint8_t *other = memory_small_pages(PAGE * 4), buf[64];
	struct call call = { .area = huge_area() };
	struct emulated emulated;
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	emulated_add(&ct, &emulated, 0);
	OK(dma_map(ct.fd, other, OTHER_IOVA, PAGE * 4, DMA_RW));
	call.ct = &ct;
	start(&call, map_huge);
	while (container_mappings(&ct) < 2)
		usleep(1000);
	for (i = 0; i < OTHERS; i++) {
		EQ(OK(emulated_pin(emulated.fd, OTHER_IOVA, 4, DMA_RW)), 4);
		OK(emulated_read(emulated.fd, OTHER_IOVA + PAGE, buf, sizeof(buf)));
		OK(emulated_unpin(emulated.fd, OTHER_IOVA, 4));
	}
	TRUE(!atomic_load(&call.done));
	pthread_join(call.thread, NULL);
	emulated_remove(&emulated);
	container_close(&ct);
}

/* --- without preemption, a CPU belongs to a call until the call lets go of it --- */

#define PREEMPT_FILE	"/sys/kernel/debug/sched/preempt"

/* The mode in force is the one in brackets. Kernels that have no choice, or no such mode, stay as they are. */
static void switch_preemption_off(char *former, size_t size)
{
	char modes[128], *open, *close;

	*former = '\0';
	if (file_read(PREEMPT_FILE, modes, sizeof(modes)) < 0)
		return;
	open = strchr(modes, '(');
	close = open ? strchr(open, ')') : NULL;
	if (!close || (size_t)(close - open) > size)
		return;
	*close = '\0';
	strcpy(former, open + 1);
	if (file_write(PREEMPT_FILE, "none"))
		ktap_diag("preemption stays %s", former);
}

struct observer {
	atomic_bool stop;
	uint64_t longest_us;	/* between two of its turns */
};

static void *observe(void *arg)
{
	struct observer *observer = arg;
	uint64_t then = now_us(), now;

	while (!atomic_load(&observer->stop)) {
		sched_yield();
		now = now_us();
		if (now - then > observer->longest_us)
			observer->longest_us = now - then;
		then = now;
	}
	return NULL;
}

TEST(huge_calls_let_others_have_the_cpu, .seconds = 240, .not_on_stock = "before 6.17, a soft lockup for large guests")
{
	struct call call = { .area = huge_area() };
	struct observer observer = {};
	struct container ct;
	char former[32];
	pthread_t thread;
	cpu_set_t cpus;

	container_make(&ct, 0, 1, TYPE1V2);
	call.ct = &ct;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	OK(sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0);
	switch_preemption_off(former, sizeof(former));
	OK(-pthread_create(&thread, NULL, observe, &observer));

	map_huge(&call);
	EQ(OK(dma_unmap(ct.fd, HUGE_IOVA, HUGE_BYTES)), HUGE_BYTES);

	atomic_store(&observer.stop, true);
	pthread_join(thread, NULL);
	if (*former)
		OK(file_write(PREEMPT_FILE, former));
	ktap_diag("mapping took %u ms, and kept the CPU for at most %u ms", (unsigned int)(call.us / 1000),
		  (unsigned int)(observer.longest_us / 1000));
	TRUE(observer.longest_us < call.us / 4);
	container_close(&ct);
}

/* --- very many mappings, as administrators who raise the limit allow --- */

#define MANY_LIMIT	"200000"
#define MANY		60000
#define MANY_IOVA	GIB(1)

/* Maps and unmaps a page, and notes how long the slower of the two took at most. */
struct neighbour {
	struct container *ct;
	uint8_t *page;
	atomic_bool stop;
	atomic_ulong longest_us;
};

static void *map_beside(void *arg)
{
	struct neighbour *neighbour = arg;
	uint64_t start, us;

	while (!atomic_load(&neighbour->stop)) {
		start = now_us();
		OK(dma_map(neighbour->ct->fd, neighbour->page, IOVA, PAGE, DMA_RW));
		EQ(OK(dma_unmap(neighbour->ct->fd, IOVA, PAGE)), PAGE);
		us = now_us() - start;
		if (us > atomic_load(&neighbour->longest_us))
			atomic_store(&neighbour->longest_us, us);
		usleep(1000);
	}
	return NULL;
}

/* The neighbour waits for a part of the call only; a short call proves nothing. */
static void expect_short_waits(struct neighbour *neighbour, const char *what, uint64_t us)
{
	unsigned long longest_us = atomic_exchange(&neighbour->longest_us, 0);

	ktap_diag("%s took %u ms, and its neighbour waited %u ms at most", what,
		  (unsigned int)(us / 1000), (unsigned int)(longest_us / 1000));
	TRUE(longest_us < us / 2 || us < 20000);
}

TEST(calls_about_very_many_mappings_let_others_have_the_container, .seconds = 240,
     .not_on_stock = "one call at a time")
{
	struct neighbour neighbour = { .page = memory_small_pages(PAGE) };
	struct emulated emulated;
	struct container ct;
	pthread_t thread;
	uint64_t start;
	int i;

	OK(module_param_set(env.module, "dma_entry_limit", MANY_LIMIT));
	emulated_make(&ct, &emulated, TYPE1V2);
	for (i = 0; i < MANY; i++)
		OK(dma_map(ct.fd, neighbour.page, MANY_IOVA + i * 2 * PAGE, PAGE, DMA_RW));
	neighbour.ct = &ct;
	OK(-pthread_create(&thread, NULL, map_beside, &neighbour));
	usleep(100000);
	atomic_store(&neighbour.longest_us, 0);

	start = now_us();
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	expect_short_waits(&neighbour, "START", now_us() - start);
	start = now_us();
	OK(dirty_tracking(ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	expect_short_waits(&neighbour, "STOP", now_us() - start);
	start = now_us();
	EQ(OK(dma_unmap(ct.fd, MANY_IOVA, MANY * 2 * PAGE)), MANY * PAGE);
	expect_short_waits(&neighbour, "UNMAP", now_us() - start);

	atomic_store(&neighbour.stop, true);
	pthread_join(thread, NULL);
	container_close(&ct);
}

/* --- a million, below the limit that guides for graphics cards recommend --- */

#define GPU_LIMIT	"16777216"
#define MILLION		1000000
#define MILLION_STRIDE	(2 * PAGE)
#define MILLION_PAGES	(MIB(4) / PAGE)

struct million {
	struct container ct;
	uint8_t *pages;
};

static void map_million(struct million *million)
{
	uint64_t i;

	for (i = 0; i < MILLION; i++)
		OK(dma_map(million->ct.fd, million->pages + i % MILLION_PAGES * PAGE,
			   HUGE_IOVA + i * MILLION_STRIDE, PAGE, DMA_RW));
}

static void map_million_until_killed(void *arg)
{
	struct million *million = arg;

	container_make(&million->ct, 0, 1, TYPE1V2);
	map_million(million);
	raise(SIGSTOP);
}

/* What a long call of one container may cost whoever works with another one: next to nothing. */
static void expect_no_waits(struct neighbour *neighbour, const char *what, uint64_t us)
{
	unsigned long longest_us = atomic_exchange(&neighbour->longest_us, 0);

	ktap_diag("%s took %u ms, and another container waited %u ms at most", what,
		  (unsigned int)(us / 1000), (unsigned int)(longest_us / 1000));
	TRUE(longest_us < us / 10 || us < 500000);
}

/* Beside the neighbour, a step takes longer by the neighbour's own work, not by many times. */
static void expect_alike(const char *what, uint64_t alone_us, uint64_t beside_us)
{
	ktap_diag("%s took %u ms alone and %u ms beside others", what, (unsigned int)(alone_us / 1000),
		  (unsigned int)(beside_us / 1000));
	TRUE(beside_us < 8 * alone_us || beside_us < 50000);
}

/* START, STOP and a read of what containers hold. */
struct million_times {
	uint64_t start, stop, read;
};

static void look_at_million(struct million *million, struct million_times *us)
{
	char text[4096];
	uint64_t then = now_us();

	OK(dirty_tracking(million->ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	us->start = now_us() - then;
	then = now_us();
	OK(dirty_tracking(million->ct.fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	us->stop = now_us() - then;
	then = now_us();
	OK(file_read("/sys/kernel/debug/vfio_type1_ng/containers", text, sizeof(text)));
	us->read = now_us() - then;
}

/*
 * The neighbour works with a container of its own all the time, but for the first look. The first
 * group with an IOMMU has everything pinned and mapped while it joins.
 */
TEST(millions_of_mappings_hold_up_no_other_container, .seconds = 560,
     .not_on_stock = "it is what ours adds that is looked at")
{
	struct million million = { .pages = memory_small_pages(MIB(4)) };
	struct neighbour neighbour = { .page = memory_small_pages(PAGE) };
	struct emulated emulated, beside;
	struct million_times alone, us;
	struct container other;
	pthread_t thread;
	uint64_t start;
	int status;
	pid_t pid;

	NEED_DEVICES(1);
	OK(module_param_set(env.module, "dma_entry_limit", GPU_LIMIT));
	emulated_make(&million.ct, &emulated, TYPE1V2);
	container_init(&other);
	beside = (struct emulated){ .n = 1, .group = OK(group_open(emulated_group(1))) };
	OK(group_set_container(beside.group, other.fd));
	OK(container_set_iommu(other.fd, TYPE1V2));
	neighbour.ct = &other;

	start = now_us();
	map_million(&million);
	ktap_diag("mapping a million pages took %u ms", (unsigned int)((now_us() - start) / 1000));
	look_at_million(&million, &alone);
	OK(-pthread_create(&thread, NULL, map_beside, &neighbour));
	usleep(100000);
	atomic_store(&neighbour.longest_us, 0);
	look_at_million(&million, &us);
	expect_no_waits(&neighbour, "a look", us.start + us.stop + us.read);
	expect_alike("START", alone.start, us.start);
	expect_alike("STOP", alone.stop, us.stop);
	expect_alike("a read of debugfs", alone.read, us.read);

	start = now_us();
	container_add(&million.ct, 0);
	expect_no_waits(&neighbour, "adding a group", now_us() - start);
	EQ(locked_pages(), MILLION);
	start = now_us();
	container_remove(&million.ct, 0);
	expect_no_waits(&neighbour, "taking it out", now_us() - start);
	start = now_us();
	EQ(OK(dma_unmap_all(million.ct.fd)), MILLION * PAGE);
	expect_no_waits(&neighbour, "UNMAP of all", now_us() - start);
	EQ(locked_pages(), 0);
	emulated_remove(&emulated);
	container_close(&million.ct);

	container_make(&million.ct, 0, 1, TYPE1V2);
	map_million(&million);
	atomic_store(&neighbour.longest_us, 0);
	start = now_us();
	container_close(&million.ct);
	expect_no_waits(&neighbour, "close", now_us() - start);
	EQ(locked_pages(), 0);

	pid = process_start(map_million_until_killed, &million);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	TRUE(WIFSTOPPED(status));
	atomic_store(&neighbour.longest_us, 0);
	start = now_us();
	OK(kill(pid, SIGKILL) ? -errno : 0);
	EQ(waitpid(pid, &status, 0), pid);
	expect_no_waits(&neighbour, "exit", now_us() - start);

	atomic_store(&neighbour.stop, true);
	pthread_join(thread, NULL);
	container_close(&other);
}
