// SPDX-License-Identifier: GPL-2.0-only
/* Memory of every kind a program may hand to MAP_DMA. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "memory.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT	26
#endif

static void *anonymous(size_t bytes, int flags)
{
	void *va = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return va == MAP_FAILED ? NULL : va;
}

void *memory_small_pages(size_t bytes)
{
	void *va = anonymous(bytes, 0);

	if (!va)
		return NULL;
	madvise(va, bytes, MADV_NOHUGEPAGE);
	memset(va, 0xa5, bytes);
	return va;
}

void *memory_scattered_pages(size_t bytes)
{
	size_t i, npages = bytes / PAGE;
	char *va = anonymous(bytes, 0);

	if (!va)
		return NULL;
	madvise(va, bytes, MADV_NOHUGEPAGE);
	/* Frames are handed out in ascending order, so touch the pages in another one; an odd factor meets each once. */
	for (i = 0; i < npages; i++)
		va[i * 7919 % npages * PAGE] = 1;
	return va;
}

void *memory_huge_pages(size_t bytes)
{
	char *va = anonymous(bytes + MIB(2), 0);
	char *aligned;

	if (!va)
		return NULL;
	aligned = (char *)(((uintptr_t)va + MIB(2) - 1) & ~(uintptr_t)(MIB(2) - 1));
	munmap(va, aligned - va);
	if (aligned != va + MIB(2))
		munmap(aligned + bytes, va + MIB(2) - aligned);
	madvise(aligned, bytes, MADV_HUGEPAGE);
	memset(aligned, 0xa5, bytes);
	return aligned;
}

size_t memory_huge_bytes(void *area)
{
	unsigned long long first, last, kib;
	size_t huge = 0;
	bool inside = false;
	char line[512];
	FILE *f;

	f = fopen("/proc/self/smaps", "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &first, &last) == 2)
			inside = first <= (uintptr_t)area && (uintptr_t)area < last;
		else if (inside && sscanf(line, "AnonHugePages: %llu kB", &kib) == 1)
			huge += KIB(kib);
	}
	fclose(f);
	return huge;
}

void *memory_untouched_page(void)
{
	void *va = anonymous(PAGE, 0);

	if (va)
		madvise(va, PAGE, MADV_NOHUGEPAGE);
	return va;
}

/* The frame behind a page, as /proc/self/pagemap shows it; 0 if there is none, or nobody may know. */
static uint64_t frame_of(const void *page)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry)) != sizeof(entry))
		entry = 0;
	if (fd >= 0)
		close(fd);
	return entry & UINT64_C(1) << 63 ? entry & ((UINT64_C(1) << 55) - 1) : 0;
}

int memory_is_zero_page(const void *page)
{
	volatile const uint8_t *other = memory_untouched_page();
	uint64_t zero;

	if (!other)
		return -ENOMEM;
	/* Reading brings it. */
	zero = *other ? 0 : frame_of((const void *)other);
	munmap((void *)other, PAGE);
	if (!zero || !frame_of(page))
		return -ENODATA;
	return frame_of(page) == zero;
}

void *memory_memfd(size_t bytes)
{
	int fd = memfd_create("type1-test", MFD_CLOEXEC);
	void *va;

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, bytes)) {
		close(fd);
		return NULL;
	}
	va = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (va == MAP_FAILED)
		return NULL;
	memset(va, 0xa5, bytes);
	return va;
}

static void hugetlb_path(char *path, size_t size, size_t page_bytes)
{
	snprintf(path, size, "/sys/kernel/mm/hugepages/hugepages-%zukB/nr_hugepages", page_bytes >> 10);
}

void *memory_hugetlb(size_t bytes, size_t page_bytes)
{
	char path[128], text[32];
	void *va;

	hugetlb_path(path, sizeof(path), page_bytes);
	if (file_read_number(path) < (long long)(bytes / page_bytes)) {
		snprintf(text, sizeof(text), "%zu", bytes / page_bytes);
		file_write("/proc/sys/vm/compact_memory", "1");
		file_write(path, text);
	}
	if (file_read_number(path) < (long long)(bytes / page_bytes))
		return NULL;
	va = anonymous(bytes, MAP_HUGETLB | (__builtin_ctzl(page_bytes) << MAP_HUGE_SHIFT));
	if (va)
		memset(va, 0xa5, bytes);
	return va;
}

/* Page sizes and how many pages of each the guest was started with. */
static struct {
	size_t page_bytes;
	long long at_start;
} pools[] = { { MIB(2), 0 }, { GIB(1), 0 } };

void memory_hugetlb_remember(void)
{
	char path[128];
	size_t i;

	for (i = 0; i < 2; i++) {
		hugetlb_path(path, sizeof(path), pools[i].page_bytes);
		pools[i].at_start = file_read_number(path);
	}
}

void memory_hugetlb_release(void)
{
	char path[128], text[32];
	size_t i;

	for (i = 0; i < 2; i++) {
		hugetlb_path(path, sizeof(path), pools[i].page_bytes);
		if (pools[i].at_start < 0 || file_read_number(path) == pools[i].at_start)
			continue;
		snprintf(text, sizeof(text), "%lld", pools[i].at_start);
		file_write(path, text);
	}
}

void *memory_hole(size_t bytes)
{
	void *va = anonymous(bytes, MAP_NORESERVE);

	if (va)
		munmap(va, bytes);
	return va;
}

void *memory_repeated(size_t bytes, size_t part_bytes)
{
	int fd = memfd_create("type1-test", MFD_CLOEXEC);
	char *area = memory_hole(bytes);
	size_t at;

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, part_bytes))
		area = NULL;
	for (at = 0; area && at < bytes; at += part_bytes)
		if (mmap(area + at, part_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			area = NULL;
	close(fd);
	return area;
}

static uint32_t pattern(size_t i, uint32_t seed)
{
	uint32_t x = (uint32_t)i * 2654435761u + seed * 40503u + 1;

	return x ^ x >> 15;
}

void memory_fill(void *area, size_t bytes, uint32_t seed)
{
	uint8_t *p = area;
	size_t i;

	for (i = 0; i < bytes; i++)
		p[i] = pattern(i, seed);
}

bool memory_holds(const void *area, size_t bytes, uint32_t seed)
{
	const volatile uint8_t *p = area;
	size_t i;

	for (i = 0; i < bytes; i++)
		if (p[i] != (uint8_t)pattern(i, seed))
			return false;
	return true;
}
