// SPDX-License-Identifier: GPL-2.0-only
/* The processes of a side and their memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "side.h"

void fuzz_futex_wait(uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

void fuzz_futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void fuzz_broken(struct fuzz_shared *shared, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->why, sizeof(shared->why), fmt, ap);
	va_end(ap);
	__atomic_store_n(&shared->outcome, FUZZ_BROKEN, __ATOMIC_SEQ_CST);
	/* The parent sees it and ends the others. */
	_exit(1);
}

static void map_at(const struct fuzz_side *side, enum fuzz_area area, int prot, int flags, int fd, off_t offset)
{
	const struct fuzz_area_place *place = &fuzz_areas[area];

	if (mmap((void *)place->base, place->bytes, prot, MAP_FIXED | flags, fd, offset) == MAP_FAILED)
		fuzz_broken(side->shared, "the area %s cannot be mapped: %s", place->name, strerror(errno));
}

/* Different in every word, and the same in every process. */
static void fill(enum fuzz_area area)
{
	uint64_t *word = (uint64_t *)fuzz_areas[area].base;
	uint64_t i, page = FUZZ_PAGE / sizeof(*word), words = fuzz_areas[area].bytes / sizeof(*word);

	for (i = 0; i < words; i += page / 4)
		word[i] = fuzz_areas[area].base + i;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Protections of an area's pages, most of which were written to before they got it. */
static const struct slice {
	unsigned int pages;
	int prot;
	enum { TOUCHED, UNTOUCHED, HOLE, FROM_MEMFD, FROM_DEVICE } what;
} mixed[] = {
	{ 16, PROT_READ | PROT_WRITE, TOUCHED },
	{ 8, PROT_READ, TOUCHED },
	{ 8, PROT_READ | PROT_WRITE, UNTOUCHED },
	{ 4, PROT_NONE, TOUCHED },
	{ 24, PROT_READ | PROT_WRITE, TOUCHED },
	{ 2, PROT_NONE, HOLE },
	{ 18, PROT_READ | PROT_WRITE, UNTOUCHED },
	{ 4, PROT_WRITE, TOUCHED },
	{ 4, PROT_EXEC, TOUCHED },
	{ 16, PROT_READ | PROT_WRITE, FROM_MEMFD },
	{ 8, PROT_READ | PROT_WRITE, FROM_DEVICE },
	{ 16, PROT_READ | PROT_WRITE, TOUCHED },
}, halves_writable[] = {
	{ 16, PROT_WRITE, TOUCHED },
	{ 16, PROT_WRITE, UNTOUCHED },
}, halves_executable[] = {
	{ 16, PROT_EXEC, TOUCHED },
	{ 16, PROT_EXEC, UNTOUCHED },
}, closed[] = {
	{ 16, PROT_NONE, TOUCHED },
};

static bool lay_file(void *at, const struct slice *slice, int fd, off_t offset)
{
	const size_t bytes = slice->pages * FUZZ_PAGE;

	return mmap(at, bytes, slice->prot, MAP_FIXED | MAP_SHARED, fd, offset) != MAP_FAILED;
}

static bool lay(const struct slice *slice, uint8_t *at)
{
	const size_t bytes = slice->pages * FUZZ_PAGE;
	size_t i;

	switch (slice->what) {
	case HOLE:
		return !munmap(at, bytes);
	case FROM_MEMFD:
		return lay_file(at, slice, FUZZ_FD_MEMFD, 0);
	case FROM_DEVICE:
		return !is_open(FUZZ_FD_DEVICE_MEMORY) ||
		       lay_file(at, slice, FUZZ_FD_DEVICE_MEMORY, FUZZ_PAGE);
	case TOUCHED:
		for (i = 0; i < bytes; i += FUZZ_PAGE)
			at[i] = 1;
		return !mprotect(at, bytes, slice->prot);
	default:
		return !mprotect(at, bytes, slice->prot);
	}
}

static void map_slices(const struct fuzz_side *side, enum fuzz_area area, const struct slice *slice)
{
	uint8_t *at = (uint8_t *)fuzz_areas[area].base, *end = at + fuzz_areas[area].bytes;

	map_at(side, area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(at, end - at, MADV_NOHUGEPAGE);
	for (; at < end; at += slice->pages * FUZZ_PAGE, slice++)
		if (!lay(slice, at))
			fuzz_broken(side->shared, "a part of the area %s cannot be made: %s",
				    fuzz_areas[area].name, strerror(errno));
}

/* This program's own file: it is there, and nobody writes to it. */
static void map_file(const struct fuzz_side *side)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint8_t *page = (uint8_t *)FUZZ_AT(FILE);
	unsigned int i;

	map_at(side, FUZZ_FILE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	map_at(side, FUZZ_ROFILE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	for (i = 0; i < 16; i++)
		page[i * FUZZ_PAGE] = i;
}

/* The area from a file that may not be there, or something ordinary. */
static void map_if_there(const struct fuzz_side *side, enum fuzz_area area, int fd, off_t offset)
{
	if (is_open(fd))
		map_at(side, area, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	else
		map_at(side, area, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void map_odd_kinds(const struct fuzz_side *side)
{
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;

	map_slices(side, FUZZ_CLOSED, closed);
	map_slices(side, FUZZ_WRONLY, halves_writable);
	map_slices(side, FUZZ_CODE, halves_executable);
	map_slices(side, FUZZ_MIXED, mixed);
	map_at(side, FUZZ_VARIED, rw, anonymous | MAP_POPULATE, -1, 0);
	map_at(side, FUZZ_LAZY, rw, anonymous | MAP_NORESERVE, -1, 0);
	madvise((void *)FUZZ_AT(LAZY), fuzz_areas[FUZZ_LAZY].bytes, MADV_NOHUGEPAGE);
	map_file(side);
	map_at(side, FUZZ_THP, rw, anonymous, -1, 0);
	madvise((void *)FUZZ_AT(THP), fuzz_areas[FUZZ_THP].bytes, MADV_HUGEPAGE);
	/* The first page has registers that do something when they are read or written. */
	map_if_there(side, FUZZ_DEVICE, FUZZ_FD_DEVICE_MEMORY, FUZZ_PAGE);
	map_if_there(side, FUZZ_HUGETLB, FUZZ_FD_HUGETLB, 0);
}

void fuzz_side_map(const struct fuzz_side *side, bool fresh_memfd)
{
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
	const off_t pages = (char *)&side->shared->pages[side->which] - (char *)side->shared;

	map_at(side, FUZZ_SMALL, rw, anonymous | MAP_POPULATE, -1, 0);
	map_at(side, FUZZ_FRESH, rw, anonymous, -1, 0);
	madvise((void *)FUZZ_AT(SMALL), fuzz_areas[FUZZ_SMALL].bytes, MADV_NOHUGEPAGE);
	madvise((void *)FUZZ_AT(FRESH), fuzz_areas[FUZZ_FRESH].bytes, MADV_NOHUGEPAGE);
	map_at(side, FUZZ_RDONLY, rw, anonymous, -1, 0);
	map_at(side, FUZZ_NOTHING, PROT_NONE, anonymous, -1, 0);
	map_at(side, FUZZ_SHARED, rw, MAP_SHARED, FUZZ_FD_MEMFD, 0);
	map_at(side, FUZZ_ARG, rw, MAP_SHARED, FUZZ_FD_SHARED, pages);
	map_at(side, FUZZ_BITMAP, rw, MAP_SHARED, FUZZ_FD_SHARED, pages + FUZZ_PAGE);
	map_at(side, FUZZ_SEALED, PROT_READ, MAP_SHARED, FUZZ_FD_SHARED, pages + FUZZ_PAGE);
	map_odd_kinds(side);
	fill(FUZZ_SMALL);
	fill(FUZZ_RDONLY);
	if (fresh_memfd)
		fill(FUZZ_SHARED);
	mprotect((void *)FUZZ_AT(RDONLY), fuzz_areas[FUZZ_RDONLY].bytes, PROT_READ);
}
