/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every allocation of an operation fails once.
 *
 * The operation is run again and again, first with its first allocation failing, then with its second, until one run
 * has no failure. Whatever fails, the caller gets an errno that says so and everything is as it was, or the operation
 * did without and its result is what it always is; and it works right after.
 *
 *	WALK(name, setup, operate, undo)
 *
 * One line an operation: setup() makes the state in which operate() is run, once; undo() goes back to that state after
 * an operate() that worked. For WALK_ATTACH(), before() and after(), if any, are run around operate() without failures.
 *
 * WALK_UNMAP() is for what unmaps from an IOMMU, which cannot report a failure. It is not walked on an IOMMU whose driver
 * needs memory for that: what the driver does not unmap stays pinned.
 */
#ifndef NG_TYPE1_WALK_H
#define NG_TYPE1_WALK_H

#include "emulated.h"
#include "test.h"

#define WALK_MAX_BYTES	MIB(2)

struct walk {
	struct container ct;
	int group;			/* one that comes or goes, open */
	void *area;
	size_t bytes;			/* of it, that operations are about */
	struct emulated emulated;
};

struct operation {
	void (*setup)(struct walk *w);
	void (*before)(void);
	long long (*operate)(struct walk *w);
	void (*after)(void);
	void (*undo)(struct walk *w);
	bool attaches;
	bool unmaps;			/* from an IOMMU */
};

void walk(const struct operation *op);

#define WALK_OPERATION(name, ...)						\
TEST(failing_allocations_##name, .seconds = 120, .domains_differ = true, .not_on_stock = "a walk of this module") \
{										\
	walk(&(struct operation){ __VA_ARGS__ });				\
}

#define WALK(name, setup, operate, undo)					\
	WALK_OPERATION(name, setup, NULL, operate, NULL, undo, false, false)
#define WALK_ATTACH(name, setup, before, operate, after, undo)			\
	WALK_OPERATION(name, setup, before, operate, after, undo, true, false)
#define WALK_UNMAP(name, setup, operate, undo)					\
	WALK_OPERATION(name, setup, NULL, operate, NULL, undo, false, true)

/* An operation that takes back another, which has to work. */
#define UNDO_BY(operate)							\
static void undo_by_##operate(struct walk *w)					\
{										\
	OK(operate(w));								\
}

#endif
