// SPDX-License-Identifier: GPL-2.0-only
/* Unmapping and closing while drivers hold pages: they are asked to let go, and some do not. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/kmsg.h"
#include "emulated.h"

#define ROUNDS	300

#define NEVER_LETS_GO "stock crashes the kernel when a driver does not let go at once"

/* --- drivers that let go --- */

TEST(unmap_asks_who_holds_pages)
{
	struct ng_emulated_told told;
	struct emulated emulated;
	struct container ct;
	uint8_t *area;

	area = emulated_make_mapped(&ct, &emulated);
	OK(dma_map(ct.fd, area, IOVA + MIB(1), BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA + 2 * PAGE, 3, DMA_RW)), 3);
	EQ(locked_pages(), 3);

	/* What is not pinned is nobody's business. */
	EQ(OK(dma_unmap(ct.fd, IOVA + MIB(1), BYTES)), BYTES);
	EQ(emulated_times_told(&emulated), 0);

	/* The whole mapping is named. */
	EQ(OK(dma_unmap(ct.fd, IOVA - MIB(1), MIB(4))), BYTES);
	OK(emulated_told(emulated.fd, &told));
	EQ(told.times, 1);
	EQ(told.iova, IOVA);
	EQ(told.bytes, BYTES);
	EQ(told.held, 0);
	EQ(locked_pages(), 0);
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

TEST(unmap_that_is_refused_asks_nobody)
{
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 3, DMA_RW)), 3);
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, PAGE));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + PAGE, BYTES - PAGE));
	EQ(emulated_times_told(&emulated), 0);
	EQ(emulated_held(&emulated), 3);
	container_close(&ct);
}

TEST(unmap_of_everything_asks_for_each_mapping)
{
	struct emulated emulated;
	struct container ct;
	uint8_t *area;
	int i;

	area = emulated_make_mapped(&ct, &emulated);
	for (i = 1; i < 4; i++)
		OK(dma_map(ct.fd, area, IOVA + i * MIB(1), BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 1, DMA_RW)), 1);
	EQ(OK(emulated_pin(emulated.fd, IOVA + MIB(2), 2, DMA_RW)), 2);
	EQ(OK(emulated_pin(emulated.fd, IOVA + MIB(3), 3, DMA_RW)), 3);
	EQ(locked_pages(), 6);
	EQ(OK(dma_unmap(ct.fd, 0, GIB(1))), 4 * BYTES);
	EQ(emulated_times_told(&emulated), 3);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(unmap_asks_every_driver)
{
	struct emulated one, other;
	struct container ct;

	emulated_make_mapped(&ct, &one);
	emulated_add(&ct, &other, 1);
	EQ(OK(emulated_pin(one.fd, IOVA, 4, DMA_RW)), 4);
	EQ(OK(emulated_pin(other.fd, IOVA + 2 * PAGE, 4, DMA_RW)), 4);
	EQ(locked_pages(), 6);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(emulated_held(&one) + emulated_held(&other), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(device_that_closes_lets_go)
{
	struct emulated one, other;
	struct container ct;

	emulated_make_mapped(&ct, &one);
	emulated_add(&ct, &other, 1);
	OK(emulated_behave(one.fd, NG_EMULATED_DEAF));
	EQ(OK(emulated_pin(one.fd, IOVA, 4, DMA_RW)), 4);
	EQ(OK(emulated_pin(other.fd, IOVA + 3 * PAGE, 4, DMA_RW)), 4);
	EQ(locked_pages(), 7);
	emulated_remove(&one);
	EQ(locked_pages(), 4);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(last_emulated_group_takes_the_mappings)
{
	struct emulated emulated;
	struct container ct;

	emulated_make_mapped(&ct, &emulated);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 4, DMA_RW)), 4);
	emulated_remove(&emulated);
	EQ(locked_pages(), 0);
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA, BYTES));	/* no driver any more */
	container_close(&ct);
}

/* --- drivers that do not --- */

/* Unmaps what a driver with such manners has pinned, which succeeds.  Returns how often it was told. */
static uint64_t unmap_from_a_driver_that_is(enum ng_emulated_manners manners)
{
	struct emulated emulated;
	struct container ct;
	uint64_t times;

	emulated_make_mapped(&ct, &emulated);
	OK(emulated_behave(emulated.fd, manners));
	EQ(OK(emulated_pin(emulated.fd, IOVA, PAGES, DMA_RW)), PAGES);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	times = emulated_times_told(&emulated);
	EQ(emulated_held(&emulated), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
	return times;
}

TEST(unmap_waits_for_a_driver_that_lets_go_late, .not_on_stock = NEVER_LETS_GO)
{
	unmap_from_a_driver_that_is(NG_EMULATED_LATE);
}

/* Stock gives up after ten times, with a crash. */
TEST(unmap_outlasts_a_driver_that_pins_anew, .not_on_stock = NEVER_LETS_GO)
{
	EQ(unmap_from_a_driver_that_is(NG_EMULATED_BUSY), NG_EMULATED_BUSY_TIMES + 1);
}

TEST(unmap_is_ebusy_while_a_driver_does_not_let_go, .not_on_stock = NEVER_LETS_GO)
{
	uint8_t *area, *other = memory_small_pages(BYTES), buf[32];
	struct emulated emulated;
	struct container ct;
	time_t before;

	area = emulated_make_mapped(&ct, &emulated);
	OK(dma_map(ct.fd, other, IOVA + MIB(1), BYTES, DMA_RW));
	OK(emulated_behave(emulated.fd, NG_EMULATED_DEAF));
	EQ(OK(emulated_pin(emulated.fd, IOVA + MIB(1), 2, DMA_RW)), 2);

	before = time(NULL);
	FAILS(EBUSY, dma_unmap(ct.fd, IOVA + MIB(1), BYTES));
	TRUE(time(NULL) - before < 20);
	TRUE(emulated_times_told(&emulated) > 1);
	/* All or nothing. */
	FAILS(EBUSY, dma_unmap_all(ct.fd));
	EQ(container_mappings(&ct), 2);
	EQ(locked_pages(), 2);
	memory_fill(other, sizeof(buf), 77);
	OK(emulated_page_read(emulated.fd, IOVA + MIB(1), buf, sizeof(buf)));
	TRUE(memory_holds(buf, sizeof(buf), 77));

	/* Others are not concerned. */
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));

	OK(emulated_behave(emulated.fd, NG_EMULATED_GOOD));
	EQ(OK(dma_unmap_all(ct.fd)), 2 * BYTES);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

static void unmap_forever(void *arg)
{
	const struct container *ct = arg;

	for (;;)
		FAILS(EBUSY, dma_unmap(ct->fd, IOVA, BYTES));
}

TEST(unmap_that_waits_can_be_killed, .not_on_stock = NEVER_LETS_GO)
{
	struct emulated emulated;
	struct container ct;
	int i, status;
	pid_t pid;

	emulated_make_mapped(&ct, &emulated);
	OK(emulated_behave(emulated.fd, NG_EMULATED_DEAF));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 2, DMA_RW)), 2);
	for (i = 0; i < 5; i++) {
		pid = process_start(unmap_forever, &ct);
		usleep(100000 + i * 10000);
		kill(pid, SIGKILL);
		EQ(waitpid(pid, &status, 0), pid);
		TRUE(WIFSIGNALED(status));
	}
	EQ(emulated_held(&emulated), 2);
	container_close(&ct);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000) + t.tv_nsec / 1000000;
}

/* How long it takes to learn that a driver does not let go. */
static uint64_t ms_until_ebusy(const struct container *ct)
{
	uint64_t start = now_ms();

	FAILS(EBUSY, dma_unmap(ct->fd, IOVA, BYTES));
	return now_ms() - start;
}

struct other_driver {
	struct emulated *emulated;
	atomic_bool stop;
};

static void *pin_elsewhere(void *arg)
{
	struct other_driver *other = arg;

	while (!atomic_load(&other->stop)) {
		EQ(OK(emulated_pin(other->emulated->fd, IOVA + MIB(1), 1, DMA_RW)), 1);
		OK(emulated_unpin(other->emulated->fd, IOVA + MIB(1), 1));
		usleep(5000);
	}
	return NULL;
}

/* A driver that lets go of other pages is no reason to hope for longer. */
TEST(unmap_waits_no_longer_because_of_another_driver, .not_on_stock = NEVER_LETS_GO)
{
	struct emulated deaf, busy;
	struct other_driver other = { .emulated = &busy };
	uint64_t alone_ms, beside_ms;
	struct container ct;
	pthread_t thread;

	emulated_make_mapped(&ct, &deaf);
	emulated_add(&ct, &busy, 1);
	OK(dma_map(ct.fd, memory_small_pages(BYTES), IOVA + MIB(1), BYTES, DMA_RW));
	OK(emulated_behave(deaf.fd, NG_EMULATED_DEAF));
	EQ(OK(emulated_pin(deaf.fd, IOVA, 2, DMA_RW)), 2);
	alone_ms = ms_until_ebusy(&ct);
	OK(-pthread_create(&thread, NULL, pin_elsewhere, &other));
	beside_ms = ms_until_ebusy(&ct);
	atomic_store(&other.stop, true);
	pthread_join(thread, NULL);
	ktap_diag("EBUSY after %u ms, and %u ms beside another driver", (unsigned int)alone_ms,
		  (unsigned int)beside_ms);
	TRUE(beside_ms < 3 * alone_ms);
	container_close(&ct);
}

/*
 * A driver that never lets go may use its pages for ever, so nobody else may: they stay pinned, the container ends all the
 * same, and nobody is charged.
 */
TEST(pages_of_a_driver_that_never_lets_go_stay_pinned, .not_on_stock = "stock warns in the log and drops its records")
{
	static const char *const words[] = { "without unpinning", NULL };
	struct emulated emulated;
	struct container ct;
	struct pin_counts before, after;
	char line[256];
	int reader;

	reader = OK(kmsg_open());
	emulated_make_mapped(&ct, &emulated);
	pin_counts_read(&before);
	EQ(OK(emulated_pin(emulated.fd, IOVA, 5, DMA_RW)), 5);
	OK(emulated_behave(emulated.fd, NG_EMULATED_LEAKS));
	emulated_remove(&emulated);
	EQ(locked_pages(), 0);
	pin_counts_read(&after);
	EQ(after.acquired - before.acquired - (after.released - before.released), 5);
	TRUE(kmsg_find(reader, words, line, sizeof(line)));
	container_close(&ct);

	emulated_make(&ct, &emulated, TYPE1V2);
	EQ(OK(emulated_mend(emulated.fd)), 5);
	container_close(&ct);
}

/* --- at the same time --- */

struct worker {
	struct container *ct;
	struct emulated *emulated;
	atomic_bool stop;
	unsigned int done;
	pthread_t thread;
};

static void *pin_over_and_over(void *arg)
{
	struct worker *w = arg;
	unsigned int seed = 1;
	int ret, npages;
	uint64_t iova;

	while (!atomic_load(&w->stop)) {
		seed = seed * 1103515245 + 12345;
		iova = IOVA + (seed >> 16) % PAGES * PAGE;
		npages = 1 + (seed >> 24) % 4;
		ret = emulated_pin(w->emulated->fd, iova, npages, DMA_RW);
		TRUE(ret == npages || ret == -EINVAL);
		w->done += ret > 0;
		/* The unmap gets its turn: stock crashes if the driver has pinned anew ten times in a row. */
		usleep(200 * test_slowness());
	}
	return NULL;
}

static void start(struct worker *w, void *(*fn)(void *))
{
	OK(-pthread_create(&w->thread, NULL, fn, w));
}

static void stop(struct worker *w)
{
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
}

TEST(pins_and_unmaps_race, .seconds = 120)
{
	struct emulated emulated;
	struct container ct;
	struct worker w = { .ct = &ct, .emulated = &emulated };
	uint8_t *area;
	int i;

	area = emulated_make_mapped(&ct, &emulated);
	start(&w, pin_over_and_over);
	for (i = 0; i < ROUNDS; i++) {
		EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
		OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
		if (i % 8 == 0)
			usleep(1000);
	}
	stop(&w);
	TRUE(w.done);
	EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
	EQ(emulated_held(&emulated), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

static void *copy_over_and_over(void *arg)
{
	struct worker *w = arg;
	uint8_t buf[2 * PAGE];
	int ret;

	memset(buf, 0, sizeof(buf));
	while (!atomic_load(&w->stop)) {
		ret = w->done % 2 ? emulated_write(w->emulated->fd, IOVA + PAGE / 2, buf, sizeof(buf)) :
				    emulated_read(w->emulated->fd, IOVA + PAGE / 2, buf, sizeof(buf));
		TRUE(!ret || ret == -EINVAL);
		w->done += !ret;
	}
	return NULL;
}

/* After the unmap nothing is written any more. */
TEST(copies_and_unmaps_race, .seconds = 120)
{
	struct emulated emulated;
	struct container ct;
	struct worker w = { .ct = &ct, .emulated = &emulated };
	uint8_t *area;
	int i;

	area = emulated_make_mapped(&ct, &emulated);
	start(&w, copy_over_and_over);
	for (i = 0; i < ROUNDS; i++) {
		EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
		memory_fill(area, BYTES, i);
		if (i % 8 == 0)
			usleep(1000);
		TRUE(memory_holds(area, BYTES, i));
		OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
		if (i % 8 == 4)
			usleep(1000);
	}
	stop(&w);
	TRUE(w.done);
	container_close(&ct);
}

static void *use_device(void *arg)
{
	struct worker *w = arg;
	uint8_t buf[64] = {};
	int ret;

	while (!atomic_load(&w->stop)) {
		ret = emulated_pin(w->emulated->fd, IOVA, 4, DMA_RW);
		TRUE(ret == 4);
		OK(emulated_write(w->emulated->fd, IOVA, buf, sizeof(buf)));
		OK(emulated_page_read(w->emulated->fd, IOVA + PAGE, buf, sizeof(buf)));
		OK(emulated_unpin(w->emulated->fd, IOVA, 4));
		w->done++;
	}
	return NULL;
}

/* Domains come and go beneath a driver that pins; the charge is right all the while. */
TEST(pins_while_a_domain_comes_and_goes, .seconds = 120)
{
	struct emulated emulated;
	struct container ct;
	struct worker w = { .ct = &ct, .emulated = &emulated };
	int i;

	NEED_DEVICES(1);
	emulated_make_mapped(&ct, &emulated);
	start(&w, use_device);
	for (i = 0; i < 100; i++) {
		container_add(&ct, 0);
		EQ(locked_pages(), PAGES);
		container_remove(&ct, 0);
		TRUE(locked_pages() <= 4);
	}
	stop(&w);
	TRUE(w.done);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

TEST(closing_a_container_whose_device_is_in_use, .seconds = 120)
{
	struct emulated emulated;
	struct container ct;
	int i;

	for (i = 0; i < 50; i++) {
		emulated_make_mapped(&ct, &emulated);
		EQ(OK(emulated_pin(emulated.fd, IOVA, PAGES, DMA_RW)), PAGES);
		close(ct.fd);
		close(emulated.group);
		close(emulated.fd);
		EQ(locked_pages(), 0);
	}
}
