// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper that makes memory short and moves it around, without anybody having to be killed for it.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "../lib/file.h"
#include "../lib/memory.h"
#include "soak.h"

/* What is always left to the others. */
#define LEFT		MIB(384)

static size_t some_bytes(struct fuzz_random *random)
{
	long long free_bytes = file_read_key("/proc/meminfo", "MemAvailable") * 1024;

	if (free_bytes < (long long)(2 * LEFT))
		return 0;
	return (free_bytes - LEFT) / (2 + fuzz_below(random, 6)) / PAGE * PAGE;
}

static void take_memory(struct soak_shared *shared, struct fuzz_random *random)
{
	size_t bytes = some_bytes(random), at;
	volatile uint8_t *area =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return;
	for (at = 0; at < bytes && soak_phase(shared) == SOAK_RUN; at += PAGE)
		area[at] = 1;
	soak_nap(shared, fuzz_below(random, 200));
	munmap((void *)area, bytes);
}

void soak_press(struct soak_shared *shared, struct fuzz_random *random)
{
	while (soak_phase(shared) == SOAK_RUN) {
		soak_nap(shared, 200 + fuzz_below(random, 2000));
		switch (fuzz_below(random, 3)) {
		case 0:
			take_memory(shared, random);
			break;
		case 1:
			file_write("/proc/sys/vm/compact_memory", "1");
			break;
		default:
			file_write("/proc/sys/vm/drop_caches", "3");
		}
		soak_count(shared, SOAK_PRESSED, true);
	}
}
