/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing a type1 test.
 *
 *	TEST(attach_to_two_containers_is_refused) { ... }
 *
 * The name is the promise. A test runs in a process of its own, which ends at
 * the first expectation that is not met; it need not clean up after that, but
 * on success the runner checks that nothing is left: domains, pinned pages,
 * locked memory, the module's use count, warnings in the kernel log.
 */
#ifndef NG_TEST_H
#define NG_TEST_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../lib/counters.h"
#include "../lib/edu.h"
#include "../lib/facts.h"
#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/module.h"
#include "../lib/vfio.h"
#include "differences.h"
#include "series.h"

enum backend { STOCK, NG };

struct test {
	const char *name;
	void (*run)(void);
	unsigned int seconds;		/* limit, default 60 */
	const char *not_on_stock;	/* why stock cannot run it */
	bool domains_differ;		/* calls to allocate and free them do not balance, on purpose */
	bool pins_differ;		/* the test itself says how many pages stay pinned */
	struct test *next;
};

void test_register(struct test *test);

/*
 * The devices a program's tests run on. testbed_find() fills devices[] and returns
 * how many there are, and adds to env.facts what only the test bed can see; testbed_reset() comes before each test, and testbed_clean()
 * after it says whether anything was left behind that only the test bed can see.
 */
int testbed_find(void);
void testbed_reset(void);
bool testbed_clean(void);

/* virtio-iommu's driver remembers every mapping, and allocates a request to the host for each mapping and unmapping. */
bool iommu_is_virtio(void);

#define TEST(fn, ...)							\
static void fn(void);							\
static struct test test_##fn = { .name = #fn, .run = fn, ##__VA_ARGS__ }; \
static void __attribute__((constructor)) register_##fn(void)		\
{									\
	test_register(&test_##fn);					\
}									\
static void fn(void)

/* What the tests run against. */
extern struct environment {
	enum backend backend;
	const char *module;		/* the backend's module name */
	int kernel;			/* KERNEL(major, minor); facts are better, see ../lib/facts.h */
	unsigned int facts;		/* FACT_* */
	bool interrupt_remapping;
	struct series series;		/* what the backend has of it */
} env;

/* --- expectations: each ends the test's process when it is not met --- */

/* The call must not fail; its value. */
#define OK(call)	test_ok(__FILE__, __LINE__, #call, (call))

/* The call must fail with this (positive) errno. 0 means that it must succeed. */
#define FAILS(err, call) test_fails(__FILE__, __LINE__, #call, (err), (call))

/* Two numbers must be equal; the second is the expected one. */
#define EQ(got, want)	test_eq(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))

#define TRUE(cond)	test_true(__FILE__, __LINE__, #cond, (cond))

long long test_ok(const char *file, int line, const char *what, long long got);
void test_fails(const char *file, int line, const char *what, int err, long long got);
void test_eq(const char *file, int line, const char *what, long long got, long long want);
void test_true(const char *file, int line, const char *what, bool cond);
void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * A word of a dirty bitmap that is not the first report of the mapping in it.
 * From then on stock also sets some bits that stand for nothing.
 */
#define REPEATED_WORD(got, want) EQ(DIFF(DIRTY_STRAY_BITS) ? (got) & (want) : (got), want)

#define NEED_DEVICES(n)							\
do {									\
	if (nr_devices < (n))						\
		test_skip("needs %d devices, the guest has %d", (n), nr_devices); \
} while (0)

/* Stock shows a value on its run; ours must show the same on the same guest. */
void test_same_on_both(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- containers with groups --- */

#define TYPE1	VFIO_TYPE1_IOMMU
#define TYPE1V2	VFIO_TYPE1v2_IOMMU

/* The group of devices[i] is group[i], or -1 while it is not in the container. */
struct container {
	int fd;
	int group[MAX_DEVICES];
};

void container_init(struct container *ct);

/* A container that has the groups of devices first..first+nr-1 and a driver. */
void container_make(struct container *ct, int first, int nr, int type);
void container_add(struct container *ct, int device);
int container_try_add(struct container *ct, int device);	/* 0 or -errno */
void container_remove(struct container *ct, int device);	/* UNSET_CONTAINER, close */
void container_close(struct container *ct);

void container_edu(struct container *ct, int device, struct edu *edu);

/* Mappings that exist, from DMA_AVAIL and the limit the container was opened with. */
unsigned int container_mappings(struct container *ct);

/* Let calls of a kernel function fail; skips the test where that is impossible. */
void fault(const char *func, unsigned int nth, unsigned int count, int err);
void fault2(struct fault_rule first, struct fault_rule second);

/* For a test whose child processes let calls fail: skips it where that is impossible. */
void need_faults(void);

/*
 * Put the groups of two devices into one container in two domains, which stays
 * so although one domain would do: the second group's join is made to fail as
 * an incompatible domain would.
 */
void container_two_domains(struct container *ct, int first, int second);

/* Rules that let the join fail; for faults that need more. */
struct fault_rule fault_join_incompatible(void);

/* How many times as long everything may take in this guest. */
unsigned int test_slowness(void);

/* --- processes --- */

/* Run fn in a child; returns its pid. The child ends with status 0 if fn returns. */
pid_t process_start(void (*fn)(void *arg), void *arg);
void process_join(pid_t pid);			/* must end with status 0 */

void limit_locked_pages(unsigned long pages);	/* RLIMIT_MEMLOCK of this process */
void drop_ipc_lock(void);

/* IOVA where tests put mappings unless they have a reason; in reach of edu. */
#define IOVA	UINT64_C(0x1000000)

/* The first MiB of addresses that is kept for interrupts, at which nothing can be mapped. */
#ifdef __aarch64__
#define MSI_WINDOW	UINT64_C(0x8000000)
#else
#define MSI_WINDOW	UINT64_C(0xfee00000)
#endif

/* --- between a test's process and the runner --- */

#define EXIT_FAILED	1
#define EXIT_SKIPPED	77
#define SKIP_FILE	"/tmp/type1-test.skip"

int exec_helper(int argc, char **argv);		/* owner.c: the process that exec() makes */
int vaddr_exec_helper(int container);		/* vaddr.c: one that goes on with its container */

#endif
