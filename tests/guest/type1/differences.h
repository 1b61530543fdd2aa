/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows of ../differences.def for tests: one takes the value that is right for the backend and the kernel under test with
 * DIFF(name).
 */
#ifndef NG_DIFFERENCES_H
#define NG_DIFFERENCES_H

#include <errno.h>

#define KERNEL(major, minor)	((major) * 1000 + (minor))

enum difference {
#define DIFFERENCE(name, kernels, stock, ours, seen, sentence) DIFF_##name,
#include "../differences.def"
#undef DIFFERENCE
	NR_DIFFERENCES
};

long long difference_value(enum difference id);

#define DIFF(id)	difference_value(DIFF_##id)

/* What it costs to bring n compatible groups into one container, before any leaves. */
struct attach_cost {
	unsigned int allocs;
	unsigned int attaches;
	unsigned int detaches;
	unsigned int frees;
};

/*
 * Stock gives every group a domain of its own, then moves it into the one it
 * has and frees the other. Ours tries the domain it has first.
 */
struct attach_cost attach_cost(unsigned int groups);

#endif
