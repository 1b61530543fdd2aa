// SPDX-License-Identifier: GPL-2.0-only
/*
 * What GET_BITMAP reports: with a device that the IOMMU lets write unseen, every page that is mapped, each time; and
 * which bits of the user's bitmap it leaves alone.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "test.h"

#define START	VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP	VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP

#define WORDS	8
#define ALL_ONES UINT64_MAX

/* A tracking container, the bitmap that it reports into, and memory to map. */
struct report {
	struct container ct;
	uint64_t words[WORDS];
	uint8_t *area;
};

static void make(struct report *r)
{
	container_make(&r->ct, 0, 1, TYPE1V2);
	OK(dirty_tracking(r->ct.fd, START));
	r->area = memory_small_pages(PAGE * WORDS * 64);
}

/* Map pages [first, first + n) of the range that is reported on. */
static void map(struct report *r, unsigned int first, unsigned int n)
{
	OK(dma_map(r->ct.fd, r->area + first * PAGE, IOVA + first * PAGE, n * PAGE, DMA_RW));
}

/* Report on the first n pages into words that are preset to this. */
static void get(struct report *r, unsigned int n, uint64_t preset)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		r->words[i] = preset;
	OK(dirty_get(r->ct.fd, IOVA, n * PAGE, (struct dirty_bitmap){ PAGE, (n + 63) / 64 * 8, r->words }));
}

/* Bits first .. first + n - 1 of a word. */
static uint64_t bits(unsigned int first, unsigned int n)
{
	return (n == 64 ? ALL_ONES : (UINT64_C(1) << n) - 1) << first;
}

TEST(dirty_report_of_nothing_touches_nothing)
{
	struct report r;

	make(&r);
	get(&r, 512, 0x5555);
	EQ(r.words[0], 0x5555);
	EQ(r.words[7], 0x5555);
	container_close(&r.ct);
}

TEST(dirty_report_has_a_bit_for_each_page)
{
	static const unsigned int sizes[] = { 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 512 };
	unsigned int i, w;
	struct report r;

	make(&r);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		map(&r, 0, sizes[i]);
		get(&r, 512, 0);
		for (w = 0; w < WORDS; w++) {
			unsigned int before = w * 64;

			if (sizes[i] <= before)
				EQ(r.words[w], 0);
			else
				EQ(r.words[w], bits(0, sizes[i] - before < 64 ? sizes[i] - before : 64));
		}
		OK(dma_unmap(r.ct.fd, IOVA, PAGE * 512));
	}
	container_close(&r.ct);
}

TEST(dirty_report_is_made_again_each_time)
{
	struct report r;
	int i;

	make(&r);
	map(&r, 0, 100);
	for (i = 0; i < 3; i++) {
		get(&r, 512, 0);
		EQ(r.words[0], ALL_ONES);
		EQ(r.words[1], bits(0, 36));
		EQ(r.words[2], 0);
	}
	container_close(&r.ct);
}

/* What is set in a word in which a mapping begins, but not with its first bit, stays. */
TEST(dirty_report_adds_to_the_word_that_a_mapping_begins_in)
{
	struct report r;

	make(&r);
	map(&r, 70, 10);
	get(&r, 512, UINT64_C(0xf00000000000000f));
	EQ(r.words[0], UINT64_C(0xf00000000000000f));
	EQ(r.words[1], UINT64_C(0xf00000000000000f) | bits(6, 10));
	EQ(r.words[2], UINT64_C(0xf00000000000000f));
	container_close(&r.ct);
}

/* All other words of a mapping are overwritten. */
TEST(dirty_report_overwrites_the_words_that_follow)
{
	struct report r;

	make(&r);
	map(&r, 70, 150);
	get(&r, 512, ALL_ONES);
	EQ(r.words[3], bits(0, 28));
	EQ(r.words[4], ALL_ONES);
	container_close(&r.ct);

	make(&r);
	map(&r, 64, 10);
	get(&r, 512, ALL_ONES);
	EQ(r.words[1], bits(0, 10));
	EQ(r.words[2], ALL_ONES);
	container_close(&r.ct);
}

TEST(dirty_report_of_an_unaligned_mapping_is_the_same_again)
{
	struct report r;
	int i;

	make(&r);
	map(&r, 70, 10);
	for (i = 0; i < 3; i++) {
		get(&r, 512, 0);
		EQ(r.words[0], 0);
		REPEATED_WORD(r.words[1], bits(6, 10));
		EQ(r.words[2], 0);
	}
	container_close(&r.ct);
}

TEST(dirty_report_at_every_offset_in_a_word)
{
	unsigned int offset;
	struct report r;

	make(&r);
	for (offset = 0; offset < 64; offset++) {
		map(&r, offset, 70);
		get(&r, 512, 0);
		EQ(r.words[0], bits(offset, 64 - offset));
		EQ(r.words[1], offset + 70 < 128 ? bits(0, offset + 6) : ALL_ONES);
		EQ(r.words[2], offset + 70 > 128 ? bits(0, offset + 70 - 128) : 0);
		EQ(r.words[3], 0);
		OK(dma_unmap(r.ct.fd, IOVA, PAGE * 512));
	}
	container_close(&r.ct);
}

TEST(dirty_report_of_several_mappings_in_one_word)
{
	struct report r;

	make(&r);
	map(&r, 40, 8);
	map(&r, 4, 4);
	map(&r, 8, 1);
	map(&r, 60, 8);
	get(&r, 512, 0);
	EQ(r.words[0], bits(4, 5) | bits(40, 8) | bits(60, 4));
	EQ(r.words[1], bits(0, 4));
	container_close(&r.ct);
}

/* The first bit is the first address that was asked for, wherever mappings are. */
TEST(dirty_report_counts_from_the_start_of_the_range)
{
	uint64_t word = 0;
	struct report r;

	make(&r);
	map(&r, 100, 4);
	map(&r, 110, 1);
	OK(dirty_get(r.ct.fd, IOVA + 99 * PAGE, 16 * PAGE, (struct dirty_bitmap){ PAGE, 8, &word }));
	EQ(word, bits(1, 4) | bits(11, 1));
	word = 0;
	OK(dirty_get(r.ct.fd, IOVA + 104 * PAGE, 16 * PAGE, (struct dirty_bitmap){ PAGE, 8, &word }));
	REPEATED_WORD(word, bits(6, 1));
	container_close(&r.ct);
}

TEST(dirty_report_on_what_was_mapped_and_unmapped_while_tracking)
{
	struct report r;

	make(&r);
	map(&r, 0, 4);
	map(&r, 8, 4);
	get(&r, 64, 0);
	EQ(r.words[0], 0xf0f);
	OK(dma_unmap(r.ct.fd, IOVA, PAGE * 4));
	get(&r, 64, 0);
	REPEATED_WORD(r.words[0], 0xf00);
	map(&r, 0, 2);
	get(&r, 64, 0);
	REPEATED_WORD(r.words[0], 0xf03);
	OK(dirty_tracking(r.ct.fd, STOP));
	map(&r, 2, 2);
	OK(dirty_tracking(r.ct.fd, START));
	get(&r, 64, 0);
	EQ(r.words[0], 0xf0f);
	container_close(&r.ct);
}

/* Whether devices may write there is not asked. */
TEST(dirty_report_includes_read_only_mappings)
{
	struct report r;

	make(&r);
	OK(dma_map(r.ct.fd, r.area, IOVA, PAGE * 4, DMA_READ));
	OK(dma_map(r.ct.fd, r.area, IOVA + PAGE * 4, PAGE * 4, DMA_WRITE));
	get(&r, 64, 0);
	EQ(r.words[0], 0xff);
	container_close(&r.ct);
}

/* More pages than fit one page of bitmap. */
TEST(dirty_report_of_a_large_mapping)
{
	const unsigned int pages = 40000, first = 5, nr_words = (pages + first + 63) / 64;
	const uint64_t base = IOVA + GIB(4);	/* beyond what low addresses reserve */
	uint64_t *words = memory_small_pages(PAGE * 2);
	unsigned int i, last;
	struct container ct;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, memory_huge_pages(pages * PAGE), base + first * PAGE, pages * PAGE, DMA_RW));
	OK(dirty_tracking(ct.fd, START));
	memset(words, 0, PAGE * 2);
	words[0] = 1;
	words[nr_words - 1] = words[nr_words] = ALL_ONES;
	OK(dirty_get(ct.fd, base, (first + pages) * PAGE, (struct dirty_bitmap){ PAGE, nr_words * 8, words }));
	EQ(words[0], 1 | bits(first, 64 - first));
	for (i = 1; i < nr_words - 1; i++)
		EQ(words[i], ALL_ONES);
	last = (pages + first) % 64;
	EQ(words[nr_words - 1], last ? bits(0, last) : ALL_ONES);
	EQ(words[nr_words], ALL_ONES);
	container_close(&ct);
}

TEST(dirty_report_of_many_mappings)
{
	enum { MAPPINGS = 1000 };
	const uint64_t base = IOVA + GIB(4);	/* beyond what low addresses reserve */
	static uint64_t words[MAPPINGS * 3 / 64 + 1];
	uint8_t *area = memory_small_pages(PAGE);
	struct container ct;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < MAPPINGS; i++)
		OK(dma_map(ct.fd, area, base + 3 * i * PAGE, PAGE, DMA_RW));
	OK(dirty_tracking(ct.fd, START));
	OK(dirty_get(ct.fd, base, 3 * MAPPINGS * PAGE, (struct dirty_bitmap){ PAGE, sizeof(words), words }));
	for (i = 0; i < MAPPINGS * 3; i++)
		EQ(words[i / 64] >> i % 64 & 1, i % 3 == 0);
	container_close(&ct);
}

TEST(dirty_tracking_goes_on_when_groups_come_and_go)
{
	struct report r;

	make(&r);
	map(&r, 0, 4);
	container_add(&r.ct, 1);
	get(&r, 64, 0);
	EQ(r.words[0], 0xf);
	map(&r, 4, 4);
	container_remove(&r.ct, 0);
	get(&r, 64, 0);
	EQ(r.words[0], 0xff);
	get(&r, 64, 0);
	REPEATED_WORD(r.words[0], 0xff);
	container_close(&r.ct);
}

TEST(dirty_tracking_of_two_domains)
{
	struct report r;

	container_two_domains(&r.ct, 0, 1);
	r.area = memory_small_pages(PAGE * 8);
	OK(dirty_tracking(r.ct.fd, START));
	map(&r, 0, 8);
	get(&r, 64, 0);
	EQ(r.words[0], 0xff);
	container_remove(&r.ct, 1);
	get(&r, 64, 0);
	EQ(r.words[0], 0xff);
	container_close(&r.ct);
}

TEST(dirty_tracking_is_the_containers_own)
{
	struct container other;
	struct report r;

	make(&r);
	map(&r, 0, 4);
	container_make(&other, 1, 1, TYPE1V2);
	FAILS(EINVAL, dirty_get(other.fd, IOVA, PAGE, (struct dirty_bitmap){ PAGE, 8, r.words }));
	OK(dirty_tracking(other.fd, STOP));
	get(&r, 64, 0);
	EQ(r.words[0], 0xf);
	container_close(&other);
	container_close(&r.ct);
}

static void in_another_process(void *arg)
{
	struct report *r = arg;

	get(r, 64, 0);
	EQ(r->words[0], 0xf);
	OK(dirty_tracking(r->ct.fd, STOP));
}

TEST(dirty_tracking_may_be_another_processes_business)
{
	struct report r;

	make(&r);
	map(&r, 0, 4);
	process_join(process_start(in_another_process, &r));
	FAILS(EINVAL, dirty_get(r.ct.fd, IOVA, PAGE * 4, (struct dirty_bitmap){ PAGE, 8, r.words }));
	container_close(&r.ct);
}
