// SPDX-License-Identifier: GPL-2.0-only
/* The processes of a side and their memory. */
#define _GNU_SOURCE
#include <errno.h>
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
	fill(FUZZ_SMALL);
	fill(FUZZ_RDONLY);
	if (fresh_memfd)
		fill(FUZZ_SHARED);
	mprotect((void *)FUZZ_AT(RDONLY), fuzz_areas[FUZZ_RDONLY].bytes, PROT_READ);
}
