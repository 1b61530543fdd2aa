/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A side of the comparison: processes that do a script's operations to a container of one backend. Both sides have their
 * memory at the same addresses, their files at the same numbers, and like devices. They take turns,
 * see turns.c.
 */
#ifndef NG_FUZZ_SIDE_H
#define NG_FUZZ_SIDE_H

#include <stdint.h>
#include <sys/types.h>

#include "compare.h"
#include "layout.h"
#include "order.h"
#include "script.h"

enum fuzz_which { FUZZ_STOCK, FUZZ_NG, FUZZ_SIDES };

/* File numbers of every process of a side. */
enum fuzz_fd {
	FUZZ_FD_SHARED = 90,	/* struct fuzz_shared */
	FUZZ_FD_MEMFD,		/* the area SHARED */
	FUZZ_FD_HUGETLB,	/* the area of that name; -1: there are no such pages */
	FUZZ_FD_DEVICE_MEMORY,	/* the area DEVICE; the same */
	FUZZ_FD_CONTAINER,
	FUZZ_FD_GROUP,		/* of the first device, and so on */
	FUZZ_FD_DEVICE = FUZZ_FD_GROUP + FUZZ_DEVICES,
	FUZZ_FD_END = FUZZ_FD_DEVICE + FUZZ_DEVICES
};

/* A process that waits for what the first one of its side wants from it. */
struct fuzz_actor {
	uint32_t request;	/* futex: index of an operation + 1, FUZZ_CLOSE_DEVICE; 0: done */
	pid_t pid;		/* 0: there is none */
};

#define FUZZ_CLOSE_DEVICE	UINT32_MAX

/* A side's pages: what ioctls write to, and the result beside it. */
struct fuzz_pages {
	uint8_t arg[FUZZ_PAGE];
	uint8_t bitmap[FUZZ_PAGE];
	struct {
		int64_t ret;
		int64_t locked;
		uint64_t digest;
		struct fuzz_actor actor[FUZZ_ACTORS];
	} meta __attribute__((aligned(4096)));
};

enum fuzz_outcome {
	FUZZ_RUNNING,
	FUZZ_SAME,		/* or explained */
	FUZZ_PARTED,		/* explained, and the containers differ from there on */
	FUZZ_DIFFERENT,		/* not explained */
	FUZZ_BROKEN,		/* the test itself does not work */
};

/* How a difference shows. A shorter script has to show the same one. */
struct fuzz_symptom {
	unsigned int parts;	/* FUZZ_PART_*; 0: something was left when all was closed */
	uint8_t kind;
	int64_t stock, ours;
};

/* Stock does at most so many operations before ours does them. */
#define FUZZ_BATCH	32

/* What one of them came to. */
struct fuzz_record {
	struct fuzz_result result;
	uint8_t arg[FUZZ_ARG_BYTES];
};

/* What all processes share. */
struct fuzz_shared {
	struct fuzz_pages pages[FUZZ_SIDES];
	uint8_t record_bytes[FUZZ_BATCH][FUZZ_PAGE];
	struct fuzz_record record[FUZZ_BATCH];
	struct fuzz_script script;
	unsigned int facts;		/* FACT_*, of the stock module */
	uint32_t turn;			/* futex: whose */
	uint32_t outcome;
	uint32_t done;			/* operations that stock has done */
	uint32_t steps;			/* done by both and compared */
	unsigned int sabotage;		/* see compare.h */
	bool at_once;			/* ours makes calls at once, stock does not */
	unsigned int made_at_once;	/* how many calls were that are independent */
	unsigned int bursts;		/* how often calls that are not */
	unsigned int reordered;		/* of these, in another order than the script's */
	unsigned int open_orders;	/* of these, more than one order explains it */
	uint32_t ahead;			/* how many calls of a burst ours has made before stock */
	uint32_t alone_until;		/* all operations before this one are made alone */
	bool order_is_open;		/* more than one order explains the burst */
	unsigned int order[FUZZ_MOST_AT_ONCE];	/* in which stock makes them */
	unsigned int hits[FUZZ_MAX_RULES];
	bool leaks;			/* what was explained leaves something behind in stock */
	int64_t ret[FUZZ_SIDES][FUZZ_MAX_OPS];
	struct fuzz_symptom symptom;
	char why[512];			/* for FUZZ_DIFFERENT and FUZZ_BROKEN */
};

/* A side's own state. */
struct fuzz_side {
	enum fuzz_which which;
	struct fuzz_shared *shared;
	struct fuzz_pages *pages;	/* of this side */
	unsigned int actor;
	int group_number[FUZZ_DEVICES];
	const char *bdf[FUZZ_EDUS];
};

/* Map the areas, and the pages that are shared, where every process of the side has them. */
void fuzz_side_map(const struct fuzz_side *side, bool fresh_memfd);

/* The backends' modules, and what the sides are called. */
extern const char *const fuzz_modules[FUZZ_SIDES];
extern const char *const fuzz_side_names[FUZZ_SIDES];

/* Does the operations in turn with the other side, which compares if it is ours. */
void fuzz_side_run(struct fuzz_side *side);

/* --- execute.c --- */

/* One operation, by the process that calls; for another actor, it is handed on. */
void fuzz_execute(struct fuzz_side *side, unsigned int index);

/* Several that are independent, by a thread each. Fills in what each returned. */
void fuzz_execute_at_once(struct fuzz_side *side, unsigned int first, unsigned int nr, long *rets);

/* --- devices.c --- */

long fuzz_attach(struct fuzz_side *side, unsigned int device);
long fuzz_detach(struct fuzz_side *side, unsigned int device);
long fuzz_check_extension(const struct fuzz_side *side, const struct fuzz_op *op);
long fuzz_set_iommu(struct fuzz_side *side, const struct fuzz_op *op);
long fuzz_access_pages(struct fuzz_side *side, const struct fuzz_op *op);
long fuzz_dma(struct fuzz_side *side, const struct fuzz_op *op);

/* In an actor that is not the first: let go of what it inherited of the devices with an IOMMU, or they would stay open. */
void fuzz_leave_devices(void);

/* --- actors.c --- */

/* For the first actor: another one begins; does an operation; closes the device without an IOMMU; all end. */
long fuzz_fork(struct fuzz_side *side, unsigned int number);
void fuzz_hand_on(struct fuzz_side *side, unsigned int number, unsigned int index);
void fuzz_actors_close_device(struct fuzz_side *side);
void fuzz_actors_end(struct fuzz_side *side);

/* For another one: its life after a fork, how it becomes another program, and its life after that. */
void fuzz_actor_run(struct fuzz_side *side) __attribute__((noreturn));
void fuzz_exec(struct fuzz_side *side) __attribute__((noreturn));
int fuzz_actor_main(int argc, char **argv);

/* --- all --- */

/* The test cannot go on. */
void fuzz_broken(struct fuzz_shared *shared, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

void fuzz_futex_wait(uint32_t *word, uint32_t value);
void fuzz_futex_wake(uint32_t *word);

#endif
