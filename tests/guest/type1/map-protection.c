// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an area of memory allows decides whether it can be mapped, and never whether its pages are
 * present, or in which part of a long call they come.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emulated.h"

/* Long enough for several batches of pages. */
#define LONG_BYTES	MIB(6)

static const int protections[] = {
	PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
	PROT_WRITE | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
};

#define NR_PROTECTIONS	(sizeof(protections) / sizeof(protections[0]))

static const uint32_t accesses[] = { DMA_READ, DMA_WRITE, DMA_RW };

#define NR_ACCESSES	(sizeof(accesses) / sizeof(accesses[0]))

static int expected(int prot, uint32_t access)
{
	int need = access & DMA_WRITE ? PROT_WRITE : PROT_READ;

	return prot & need ? 0 : -EFAULT;
}

enum kind { ANONYMOUS, SHARED, MEMFD, HUGE, HUGETLB, NR_KINDS };

static const char *const kind_names[] = { "anonymous", "shared", "memfd", "huge", "hugetlb" };

static uint8_t *make(enum kind kind, size_t bytes)
{
	int flags = MAP_ANONYMOUS | (kind == SHARED ? MAP_SHARED : MAP_PRIVATE);
	void *area;

	switch (kind) {
	case MEMFD:
		return memory_memfd(bytes);
	case HUGE:
		return memory_huge_pages(bytes);
	case HUGETLB:
		return memory_hugetlb(bytes, MIB(2));
	default:
		area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
		return area == MAP_FAILED ? NULL : area;
	}
}

/* Every protection and access, for the bytes of @area from @from on, which alone are protected. */
static void try_all(struct container *ct, uint8_t *area, size_t bytes, size_t from, size_t protect_bytes,
		    const char *what)
{
	unsigned int p, a;
	int ret;

	for (p = 0; p < NR_PROTECTIONS; p++) {
		OK(mprotect(area + from, protect_bytes, protections[p]) ? -errno : 0);
		for (a = 0; a < NR_ACCESSES; a++) {
			ret = dma_map(ct->fd, area, IOVA, bytes, accesses[a]);
			if (ret != expected(protections[p], accesses[a]))
				ktap_diag("%s, protection %d, access %u", what, protections[p], accesses[a]);
			EQ(ret, expected(protections[p], accesses[a]));
			if (!ret)
				EQ(OK(dma_unmap(ct->fd, IOVA, bytes)), bytes);
		}
	}
	OK(mprotect(area + from, protect_bytes, PROT_READ | PROT_WRITE) ? -errno : 0);
}

TEST(map_asks_what_an_area_allows_and_not_what_is_present)
{
	struct container ct;
	enum kind kind;

	container_make(&ct, 0, 1, TYPE1V2);
	for (kind = 0; kind < NR_KINDS; kind++) {
		const size_t bytes = kind == HUGE || kind == HUGETLB ? MIB(2) : PAGE * 4;
		uint8_t *area = make(kind, bytes);

		if (!area)
			continue;
		/* Nothing is present; then what the mapping before left; then all of it. */
		try_all(&ct, area, bytes, 0, bytes, kind_names[kind]);
		memset(area, 1, bytes);
		try_all(&ct, area, bytes, 0, bytes, kind_names[kind]);
		munmap(area, bytes);
	}
	EQ(container_mappings(&ct), 0);
	container_close(&ct);
}

TEST(map_asks_every_area_of_a_long_range, .seconds = 120)
{
	uint8_t *area = memory_small_pages(LONG_BYTES);
	const size_t places[] = { 0, MIB(3) + PAGE, LONG_BYTES - PAGE };
	struct container ct;
	unsigned int i;

	container_make(&ct, 0, 1, TYPE1V2);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		try_all(&ct, area, LONG_BYTES, places[i], PAGE, "a page of a long range");
	EQ(container_mappings(&ct), 0);
	EQ(locked_pages(), 0);
	container_close(&ct);
}

/* The zero page stands for memory that was only read. */
TEST(map_of_memory_that_was_only_read_asks_its_area)
{
	struct container ct;
	uint8_t *area = make(ANONYMOUS, PAGE);

	container_make(&ct, 0, 1, TYPE1V2);
	EQ(*(volatile uint8_t *)area, 0);
	try_all(&ct, area, PAGE, 0, PAGE, "a page that was read");
	container_close(&ct);
}

TEST(map_of_a_drivers_area_with_ordinary_pages_is_efault)
{
	struct emulated emulated;
	struct container ct;
	uint8_t *page;

	container_make(&ct, 0, 1, TYPE1V2);
	emulated_add(&ct, &emulated, 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, emulated.fd, 0);
	TRUE(page != MAP_FAILED);
	*page = 1;
	FAILS(EFAULT, dma_map(ct.fd, page, IOVA, PAGE, DMA_READ));
	FAILS(EFAULT, dma_map(ct.fd, page, IOVA, PAGE, DMA_RW));
	munmap(page, PAGE);
	emulated_remove(&emulated);
	container_close(&ct);
}

#ifdef __x86_64__
/* The only memory of a program that is no area of its own. */
#define VSYSCALL_PAGE	((void *)0xffffffffff600000UL)

TEST(map_of_the_gate_page_is_the_same)
{
	struct container ct;
	int ret;

	container_make(&ct, 0, 1, TYPE1V2);
	ret = dma_map(ct.fd, VSYSCALL_PAGE, IOVA, PAGE, DMA_READ);
	test_same_on_both("gate page", "%d", ret);
	FAILS(EFAULT, dma_map(ct.fd, VSYSCALL_PAGE, IOVA + PAGE, PAGE, DMA_RW));
	container_close(&ct);
}
#endif

/* Keys protect memory from its own process; a device's access is another one's. */
TEST(map_asks_no_protection_key)
{
	uint8_t *area = memory_small_pages(LONG_BYTES);
	struct container ct;
	int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

	if (key < 0)
		test_skip("this CPU has no protection keys");
	container_make(&ct, 0, 1, TYPE1V2);
	memset(area, 1, LONG_BYTES / 2);
	/* Present, and not. */
	OK(pkey_mprotect(area + MIB(1), PAGE, PROT_READ | PROT_WRITE, key) ? -errno : 0);
	OK(pkey_mprotect(area + MIB(4), PAGE, PROT_READ | PROT_WRITE, key) ? -errno : 0);
	OK(dma_map(ct.fd, area, IOVA, LONG_BYTES, DMA_RW));
	EQ(OK(dma_unmap(ct.fd, IOVA, LONG_BYTES)), LONG_BYTES);
	/* All of it, from the first page on. */
	OK(pkey_mprotect(area, LONG_BYTES, PROT_READ | PROT_WRITE, key) ? -errno : 0);
	OK(dma_map(ct.fd, area, IOVA, LONG_BYTES, DMA_READ));
	EQ(OK(dma_unmap(ct.fd, IOVA, LONG_BYTES)), LONG_BYTES);
	/* What the area allows still counts. */
	OK(pkey_mprotect(area, PAGE, PROT_READ, key) ? -errno : 0);
	FAILS(EFAULT, dma_map(ct.fd, area, IOVA, LONG_BYTES, DMA_RW));
	container_close(&ct);
	munmap(area, LONG_BYTES);
	OK(pkey_free(key) ? -errno : 0);
}
