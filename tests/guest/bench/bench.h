/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmark's cases share.
 *
 * One process measures everything, on the same memory: containers of the stock backend and of ours exist side by
 * side (each backend gets the containers that are opened while it is the newest), and ng_floor.ko serves a device of
 * its own.
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

extern const char *const backend_names[NR_BACKENDS];

/* What the guest does besides, a timer's interrupt for instance, is much beside closing huge pages, so that is done twice. */
#define CLOSE_REPS	2
/* Three kinds of memory, and many mappings. */
#define MAX_SPARES	(3 * CLOSE_REPS + 1)

/* Where memory is mapped: aligned so that every page size can be used. */
#define BENCH_IOVA	UINT64_C(0x100000000)

/* Below the default dma_entry_limit, 65535. */
#define MOST_ENTRIES	60000

/* What memory is mapped through. */
struct target {
	enum backend backend;
	int fd;				/* container, or ng_floor.ko */
};

struct container {
	int fd;
	int group;			/* fd of the group that is always in it */
	int device;			/* its index in devices[] */
};

struct bench {
	struct target target[NR_BACKENDS];
	struct container container[NR_CONTAINERS];
	struct container spare[NR_CONTAINERS][MAX_SPARES];	/* to be closed, before groups are needed */
	int nr_spares;
	int first_free_device;		/* devices[] from here on are in no container, but for spares */
	int nr_free_devices;
	size_t bytes;			/* size of the large mappings */
	int reps;
	const char *only;		/* the one case of a set that is wanted, or NULL */
	bool mock;			/* the IOMMUs are those of mock_iommu.ko */
	bool real_time;			/* times are ns, not instructions */
};

extern struct bench bench;

/* --- main.c --- */

void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...);

/* The value of a call that must not fail. */
int64_t must(int64_t ret, const char *what);

/* Memory that has to be there. */
void *must_have(void *area);

uint64_t now_ns(void);

/* Print one figure; the case's name is a printf. A unit of time is written "insn". */
void __attribute__((format(printf, 4, 5)))
report(enum backend backend, double value, const char *unit, const char *fmt, ...);

/* A time that is the least over repetitions; 0 is none yet. */
void keep_least(uint64_t *least, uint64_t value);

/* --- backends.c --- */

/* Open everything that is measured. The stock module has to be loaded, and ours not. */
void backends_open(int nr_spares);

/* MAP_DMA and UNMAP_DMA, or what is most like it; any failure ends the program. */
void map(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access);
void unmap(const struct target *target, char *vaddr, uint64_t iova, size_t bytes, uint32_t access);

/* A further way to map through ng_floor.ko, for a thread of its own. */
int floor_open(void);

/* --- groups.c --- */

/* What attaching and detaching a group took: the median over the groups. */
struct group_times {
	uint64_t attach;
	uint64_t detach;
	uint64_t total;			/* all attaches */
};

/* The groups of the first n free devices, for the calls below. */
void groups_open(int n);
void groups_close(int n);
/* Put them into a container one after another and take them out again. @each: the least attach time of each, or NULL. */
void groups_measure(enum backend backend, int n, struct group_times *least, uint64_t *each);
/* The same, and report which calls of the IOMMU API and of its driver the attaches made. */
void groups_count(enum backend backend, int n, const char *name);

/* --- profile.c --- */

/* Profile one operation of one backend: "ng-map"; or map, unmap, attach, detach and stock, floor. */
void profile_want(const char *backend_and_operation);
void profile_begin(enum backend backend, const char *operation);
void profile_end(enum backend backend, const char *operation);

/* --- mock.c --- */

/* Fill devices[] with those of mock_iommu.ko, which is behind how many IOMMUs; returns how many devices there are. */
int mock_devices_find(void);
int mock_iommus(void);

/* --- entries.c --- */

/* Map the first n pages of an area of small pages one by one, stride bytes of IOVA apart. */
void map_entries(int container, char *area, uint64_t iova, size_t stride, int n);

/* --- the cases, by file --- */

void bench_basic(void);
void bench_memory(void);
void bench_entries(void);
void bench_footprint(void);
void bench_groups(void);
void bench_many_groups(void);
void bench_dirty(void);
void bench_close(void);
void bench_mock(void);
void bench_mock_known(void);
void bench_threads(void);

#endif
