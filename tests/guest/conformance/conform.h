/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which parts of the 2022 series a kernel and its type1 backend have, shown by what they do.
 *
 * Each part is looked at in a process of its own, which ends with conclude().  Expectations of ../type1/test.h end it
 * too; that is no verdict but a breakdown of the experiment, and is reported as such.
 */
#ifndef NG_CONFORM_H
#define NG_CONFORM_H

#include "../type1/test.h"

enum verdict {
	PRESENT,
	ABSENT,
	NOT_OBSERVABLE,		/* on this kernel and IOMMU; the evidence says why */
	BROKEN,			/* the experiment itself failed */
};

struct part {
	const char *id;
	const char *name;	/* for KTAP */
	const char *title;	/* for people */
	const char *instead;	/* what a stock module or kernel does */
	void (*run)(void);
};

extern const struct part part_contract, part_reuse, part_ops, part_coherency, part_errors, part_dirty_scope;

/* Report the part's verdict with its evidence, and end the process. */
void conclude(enum verdict verdict, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

/* Something a distributor should know besides the verdict. */
void remark(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "EINVAL" of -EINVAL, "success" of 0. */
const char *error_name(int error);

/* --- the watching module, kmod/ng_conform.ko --- */

void watch_load(void);
void watch_reset(void);		/* the next attach decides which domain is the target */
void watch_set(const char *parameter, int value);
int watch_get(const char *parameter);

enum pair_result { PAIR_NOT_MADE = 1, PAIR_NO_FUNCTION = 2 };

/* What the attach function of this backend's error contract says to a pair; raw, what the kernel's own says. */
int pair_try(const char *kind, int *raw);

/* --- containers --- */

#define FIRST	0
#define SECOND	1

/* A container with the first group, whose domain becomes the target. */
void container_with_target(struct container *ct);

/* What it took for the second group to join. */
struct joined {
	int error;			/* of SET_CONTAINER */
	unsigned long long new_domains;	/* that it cost and that stayed */
	int offers;			/* of the target to the group */
	bool attached;			/* to the target, by the driver */
	bool shares;			/* and to no other for good */
};

struct joined join_second(struct container *ct);

#endif
