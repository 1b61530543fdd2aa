/* SPDX-License-Identifier: GPL-2.0-only */
/* Where random numbers begin, as a program's argument says. */
#ifndef NG_FUZZ_SEED_H
#define NG_FUZZ_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A number, or "fresh": somewhere else each time. */
static inline uint64_t fuzz_seed_of(const char *text)
{
	uint32_t seed;

	if (strcmp(text, "fresh"))
		return strtoull(text, NULL, 0);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		fputs("the kernel has no random numbers; give a number as the seed\n", stderr);
		exit(2);
	}
	return seed;
}

#endif
