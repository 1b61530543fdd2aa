// SPDX-License-Identifier: GPL-2.0-only
/* The memory of an actor, of several kinds, and what happens to it while it is mapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../lib/memory.h"
#include "soak.h"

/* Untouched memory is populated by who pins it. */
static void *untouched(size_t bytes)
{
	void *va = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return va == MAP_FAILED ? NULL : va;
}

static void *read_only(size_t bytes)
{
	void *va = memory_small_pages(bytes);

	if (va)
		mprotect(va, bytes, PROT_READ);
	return va;
}

void soak_areas_make(struct soak_actor *me)
{
	static const struct {
		void *(*make)(size_t bytes);
		size_t bytes;
	} kinds[SOAK_AREAS] = {
		{ memory_small_pages, KIB(256) }, { memory_huge_pages, MIB(4) },
		{ memory_memfd, KIB(512) },	  { untouched, MIB(2) },
		{ read_only, KIB(64) },
	};
	unsigned int i;

	for (i = 0; i < SOAK_AREAS; i++) {
		me->area[i] = (struct soak_area){ kinds[i].make(kinds[i].bytes), kinds[i].bytes };
		if (!me->area[i].at)
			exit(1);
	}
}

/* A write to it may meet what was forbidden before; the handler of SIGSEGV ends the process. */
static int touch(struct soak_area area)
{
	size_t at;

	for (at = 0; at < area.bytes; at += PAGE)
		((volatile uint8_t *)area.at)[at] = at;
	return 0;
}

/* More and more, until the cgroup has no more to give, which ends us or another process in it. */
static long grow(void)
{
	struct soak_area more = { untouched(MIB(1)), MIB(1) };

	return more.at ? touch(more) : -ENOMEM;
}

long soak_memory(struct soak_actor *me)
{
	unsigned int i = fuzz_below(&me->random, SOAK_AREAS - 1);
	struct soak_area area = me->area[i];
	size_t half = area.bytes / 2 / PAGE * PAGE;

	if (me->slot->tight && fuzz_percent(&me->random, 50))
		return grow();
	switch (fuzz_below(&me->random, 8)) {
	case 0:
		return madvise(area.at, area.bytes, MADV_DONTNEED);
	case 1:
		return madvise(area.at + half, area.bytes - half, MADV_DONTNEED);
	case 2:
		return mmap(area.at, half, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED;
	case 3:
		mprotect(area.at, half, PROT_READ);
		return 0;
	case 4:
		return madvise(area.at, area.bytes,
			       fuzz_percent(&me->random, 50) ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	case 5:
		return madvise(area.at, area.bytes,
			       fuzz_percent(&me->random, 50) ? MADV_MERGEABLE : MADV_UNMERGEABLE);
	default:
		if (mprotect(area.at, area.bytes, PROT_READ | PROT_WRITE))
			return -errno;
		return touch(area);
	}
}
