// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking while a driver writes, pins and unpins, while others map and unmap, start what is started, and while
 * groups come and go: nothing that was written is missing from the reports.
 *
 * Memory is followed as a migration does it: what a report says is dirty is copied, again and again while it is written
 * to; when everybody stands still, one more report has to make the copy the same as the original.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "emulated.h"

#define FOLLOWED	128			/* pages in two mappings */
#define BESIDE		32			/* pages next to them, which come and go */
#define BESIDE_IOVA	(IOVA + FOLLOWED * PAGE)
/* What is missing from a report shows if nobody writes to the page again, so there are many short rounds. */
#define MS_PER_ROUND	25
#define NR_ROUNDS	70
#define LONG_WRITE	(24 * PAGE)

#define START	VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP	VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP

struct play {
	struct container ct;
	struct emulated emulated;
	uint8_t *area, *copy, *beside, *written;
	atomic_bool stop;
	unsigned int writes, pins, reports, unmaps, moves;
};

struct worker {
	struct play *play;
	void (*step)(struct play *play, unsigned int n);
	pthread_t thread;
};

static void make(struct play *play)
{
	*play = (struct play){
		.area = memory_small_pages(FOLLOWED * PAGE), .copy = memory_small_pages(FOLLOWED * PAGE),
		.beside = memory_small_pages(BESIDE * PAGE), .written = memory_small_pages(LONG_WRITE),
	};
	emulated_make(&play->ct, &play->emulated, TYPE1V2);
	OK(dma_map(play->ct.fd, play->area, IOVA, 70 * PAGE, DMA_RW));
	OK(dma_map(play->ct.fd, play->area + 70 * PAGE, IOVA + 70 * PAGE, (FOLLOWED - 70) * PAGE, DMA_RW));
	memset(play->area, 0, FOLLOWED * PAGE);
	memset(play->copy, 0, FOLLOWED * PAGE);
	OK(dirty_tracking(play->ct.fd, START));
}

/* Copies what is reported, as far as it is followed. */
static void follow(struct play *play)
{
	uint64_t words[FOLLOWED / 64] = {};
	unsigned int page;

	OK(dirty_get(play->ct.fd, IOVA, FOLLOWED * PAGE, (struct dirty_bitmap){ PAGE, sizeof(words), words }));
	for (page = 0; page < FOLLOWED; page++)
		if (words[page / 64] >> page % 64 & 1)
			memcpy(play->copy + page * PAGE, play->area + page * PAGE, PAGE);
	play->reports++;
}

static void expect_followed(struct play *play)
{
	unsigned int page;

	follow(play);
	for (page = 0; page < FOLLOWED; page++) {
		if (!memcmp(play->copy + page * PAGE, play->area + page * PAGE, PAGE))
			continue;
		ktap_diag("page %u was written to and not reported, after %u reports", page, play->reports);
		TRUE(!"every page that was written to is reported");
	}
}

/* --- what goes on at the same time; each in a thread of its own --- */

static void report(struct play *play, unsigned int n)
{
	(void)n;
	follow(play);
}

/*
 * A few bytes, now and then across the border of two pages or of the mappings; or so many that a report has time to begin
 * and end meanwhile.
 */
static void write_somewhere(struct play *play, unsigned int n)
{
	const size_t bytes = n % 2 ? 16 : LONG_WRITE;
	const uint64_t at = n * 37 % (FOLLOWED - LONG_WRITE / PAGE) * PAGE + (n % 5 ? PAGE - 8 : 16);

	memset(play->written, n, bytes);
	OK(emulated_write(play->emulated.fd, IOVA + at, play->written, bytes));
	play->writes++;
}

/* Writes through pages that are pinned for that long. */
static void pin_and_write(struct play *play, unsigned int n)
{
	const uint64_t iova = IOVA + n * 29 % (FOLLOWED - 3) * PAGE;
	uint32_t data = n;
	int i;

	EQ(OK(emulated_pin(play->emulated.fd, iova, 3, DMA_RW)), 3);
	for (i = 0; i < 3; i++)
		OK(emulated_page_write(play->emulated.fd, iova + i * PAGE + 2048, &data, sizeof(data)));
	OK(emulated_unpin(play->emulated.fd, iova, 3));
	play->pins++;
}

/*
 * Mappings that share words of bitmaps with those that are followed. Only this thread writes there, so the report that
 * unmapping makes is known: all that it wrote to and all that is pinned, or everything while a group writes unseen.
 */
static void map_write_and_unmap(struct play *play, unsigned int n)
{
	const unsigned int first = n % (BESIDE - 2), last = first + 2;
	uint64_t word = 0, want;

	OK(dma_map(play->ct.fd, play->beside, BESIDE_IOVA, BESIDE * PAGE, DMA_RW));
	OK(emulated_write(play->emulated.fd, BESIDE_IOVA + first * PAGE, &n, sizeof(n)));
	EQ(OK(emulated_pin(play->emulated.fd, BESIDE_IOVA + last * PAGE, 1, DMA_RW)), 1);
	EQ(OK(dma_unmap_dirty(play->ct.fd, BESIDE_IOVA, BESIDE * PAGE,
			      (struct dirty_bitmap){ PAGE, sizeof(word), &word })), BESIDE * PAGE);
	want = UINT64_C(1) << first | UINT64_C(1) << last;
	EQ(word & want, want);
	play->unmaps++;
}

static void start_again(struct play *play, unsigned int n)
{
	(void)n;
	OK(dirty_tracking(play->ct.fd, START));
	usleep(500);
}

static void group_comes_and_goes(struct play *play, unsigned int n)
{
	(void)n;
	container_add(&play->ct, 0);
	usleep(2000);
	container_remove(&play->ct, 0);
	usleep(10000);
	play->moves++;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int n;

	for (n = 1; !atomic_load(&w->play->stop); n++)
		w->step(w->play, n);
	return NULL;
}

static void play_for_a_while(struct play *play, void (*const *steps)(struct play *play, unsigned int n), int nr)
{
	struct worker workers[8];
	int i;

	TRUE(nr <= 8);
	atomic_store(&play->stop, false);
	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker){ .play = play, .step = steps[i] };
		OK(-pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	usleep(MS_PER_ROUND * 1000);
	atomic_store(&play->stop, true);
	for (i = 0; i < nr; i++)
		pthread_join(workers[i].thread, NULL);
}

static void end(struct play *play)
{
	ktap_diag("%u reports, %u writes, %u pins, %u unmaps, %u groups added", play->reports, play->writes, play->pins,
		  play->unmaps, play->moves);
	EQ(emulated_held(&play->emulated), 0);
	EQ(locked_pages(), 0);
	EQ(container_mappings(&play->ct), 2);
	OK(dirty_tracking(play->ct.fd, STOP));
	EQ(OK(dma_unmap(play->ct.fd, IOVA, FOLLOWED * PAGE)), FOLLOWED * PAGE);
	container_close(&play->ct);
}

TEST(threads_write_and_pin_and_every_page_is_reported, .seconds = 120)
{
	static void (*const steps[])(struct play *play, unsigned int n) = {
		report, write_somewhere, pin_and_write, map_write_and_unmap, start_again,
	};
	struct play play;
	int i;

	make(&play);
	for (i = 0; i < NR_ROUNDS; i++) {
		play_for_a_while(&play, steps, 5);
		expect_followed(&play);
	}
	TRUE(play.writes && play.pins && play.unmaps);
	end(&play);
}

TEST(threads_write_while_a_group_comes_and_goes_and_every_page_is_reported, .seconds = 120)
{
	static void (*const steps[])(struct play *play, unsigned int n) = {
		report, write_somewhere, pin_and_write, map_write_and_unmap, group_comes_and_goes,
	};
	struct play play;
	int i;

	NEED_DEVICES(1);
	make(&play);
	for (i = 0; i < NR_ROUNDS; i++) {
		play_for_a_while(&play, steps, 5);
		expect_followed(&play);
	}
	TRUE(play.writes && play.pins && play.unmaps && play.moves);
	end(&play);
}

/* --- started and stopped meanwhile, so that nobody can say what is dirty --- */

static void start_and_stop(struct play *play, unsigned int n)
{
	OK(dirty_tracking(play->ct.fd, n % 2 ? STOP : START));
	usleep(200);
}

static void report_if_started(struct play *play, unsigned int n)
{
	uint64_t words[FOLLOWED / 64];
	int ret;

	/* Every other one into nowhere. */
	ret = dirty_get(play->ct.fd, IOVA, FOLLOWED * PAGE,
			(struct dirty_bitmap){ PAGE, sizeof(words), n % 2 ? words : NULL });
	TRUE(!ret || ret == -EINVAL || ret == -EFAULT);
	play->reports += !ret;
}

static void map_pin_and_unmap(struct play *play, unsigned int n)
{
	uint64_t word;
	int64_t ret;

	OK(dma_map(play->ct.fd, play->beside, BESIDE_IOVA, BESIDE * PAGE, DMA_RW));
	EQ(OK(emulated_pin(play->emulated.fd, BESIDE_IOVA + n % BESIDE * PAGE, 1, DMA_RW)), 1);
	/* Stock crashes if tracking is stopped while an unmap that is to report asks drivers to let go. */
	if (env.backend == STOCK)
		OK(emulated_unpin(play->emulated.fd, BESIDE_IOVA + n % BESIDE * PAGE, 1));
	ret = dma_unmap_dirty(play->ct.fd, BESIDE_IOVA, BESIDE * PAGE, (struct dirty_bitmap){ PAGE, sizeof(word), &word });
	if (ret == -EINVAL)
		ret = dma_unmap(play->ct.fd, BESIDE_IOVA, BESIDE * PAGE);
	EQ(OK(ret), BESIDE * PAGE);
	play->unmaps++;
}

TEST(threads_start_and_stop_tracking_under_everything_else, .seconds = 120)
{
	static void (*const steps[])(struct play *play, unsigned int n) = {
		report_if_started, start_and_stop, write_somewhere, pin_and_write, map_pin_and_unmap, group_comes_and_goes,
	};
	struct play play;
	int i;

	NEED_DEVICES(1);
	make(&play);
	for (i = 0; i < NR_ROUNDS; i++)
		play_for_a_while(&play, steps, 6);
	TRUE(play.reports && play.writes && play.pins && play.unmaps && play.moves);
	/* And tracking works: nothing is left of all that. */
	OK(dirty_tracking(play.ct.fd, STOP));
	OK(dirty_tracking(play.ct.fd, START));
	memcpy(play.copy, play.area, FOLLOWED * PAGE);
	write_somewhere(&play, 4711);
	expect_followed(&play);
	end(&play);
}
