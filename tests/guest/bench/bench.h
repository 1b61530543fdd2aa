/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmark's cases share.
 *
 * One process measures everything, on the same memory: a container of the stock backend and one of ours exist side by
 * side (each backend gets the containers that are opened while it is the newest), and ng_floor.ko serves a third device.
 */
#ifndef NG_BENCH_H
#define NG_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum backend {
	STOCK,
	NG,
	FLOOR,			/* no container: only maps and unmaps, through ng_floor.ko */
	NR_BACKENDS
};

#define NR_CONTAINERS	FLOOR

/* Where memory is mapped: aligned so that every page size can be used. */
#define BENCH_IOVA	UINT64_C(0x100000000)

/* What memory is mapped through. */
struct target {
	enum backend backend;
	int fd;				/* container, or ng_floor.ko */
};

struct bench {
	struct target target[NR_BACKENDS];
	int group[NR_CONTAINERS];	/* fd of the group that is always in it */
	int device[NR_CONTAINERS];	/* its index in devices[] */
	int first_free_device;		/* devices[] from here on are in no container */
	int nr_free_devices;
	size_t bytes;			/* size of the large mappings */
	int reps;
	bool real_time;			/* times are ns, not instructions */
};

extern struct bench bench;

void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...);

/* The value of a call that must not fail. */
int64_t must(int64_t ret, const char *what);

uint64_t now_ns(void);

/* MAP_DMA and UNMAP_DMA, or what is most like it; any failure ends the program. */
void map(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access);
void unmap(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access);

/* A further way to map through ng_floor.ko, for a thread of its own. */
int floor_open(void);

/* Print one figure. A unit of time is written "insn". */
void report(enum backend backend, const char *test, const char *unit, double value);

/* A time that is the least over repetitions; 0 is none yet. */
void keep_least(uint64_t *least, uint64_t value);

/* The cases, by file. */
void bench_basic(void);
void bench_memory(void);
void bench_entries(void);
void bench_groups(void);
void bench_threads(void);

#endif
