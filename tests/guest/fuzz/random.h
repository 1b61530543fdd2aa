/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that look random and repeat for a seed (splitmix64). */
#ifndef NG_FUZZ_RANDOM_H
#define NG_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct fuzz_random {
	uint64_t state;
};

static inline uint64_t fuzz_random(struct fuzz_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* From 0 to n - 1. */
static inline uint64_t fuzz_below(struct fuzz_random *random, uint64_t n)
{
	return fuzz_random(random) % n;
}

static inline bool fuzz_percent(struct fuzz_random *random, unsigned int percent)
{
	return fuzz_below(random, 100) < percent;
}

#define FUZZ_PICK(random, array)	((array)[fuzz_below(random, sizeof(array) / sizeof((array)[0]))])

#endif
