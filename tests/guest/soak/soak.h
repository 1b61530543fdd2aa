/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * type1-soak: processes that share containers do random things to them while everything around
 * them goes wrong.
 *
 * Time goes in epochs. In each, actors work, and helpers kill them, take devices away, unload what
 * is idle and make memory short. At its end everything is closed, and every count has to be what
 * it was at the start.
 *
 * What an actor has is in its file table at fixed numbers, and in its slot in memory that all
 * share, so that it survives a fork, an exec, and the end of the process that began it.
 */
#ifndef NG_SOAK_H
#define NG_SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fuzz/random.h"

#define SOAK_ACTORS	5		/* begun by the supervisor */
#define SOAK_SLOTS	12		/* with those that actors fork */
#define SOAK_DEVICES	16
#define SOAK_CONTAINERS	2		/* of an actor */
#define SOAK_GROUPS	4

enum soak_fd {
	SOAK_FD_SHARED = 90,
	SOAK_FD_SEND,			/* files that are handed to whoever takes them */
	SOAK_FD_RECEIVE,
	SOAK_FD_CONTAINER = 100,
	SOAK_FD_GROUP = 110,
	SOAK_FD_DEVICE = 120,		/* of the group with the same index */
};

/* What is counted. Those with a weight are what actors do, weight times in the sum of them all. */
#define SOAK_KINDS_OF(kind)			\
	kind(MAP, map, 300)			\
	kind(UNMAP, unmap, 240)			\
	kind(UNMAP_ALL, unmap_all, 10)		\
	kind(DIRTY, dirty, 20)			\
	kind(DIRTY_GET, dirty_get, 25)		\
	kind(DIRTY_UNMAP, dirty_unmap, 20)	\
	kind(VADDR, vaddr, 20)			\
	kind(INFO, info, 30)			\
	kind(MEMORY, memory, 60)		\
	kind(OPEN, open, 30)			\
	kind(CLOSE, close, 6)			\
	kind(ATTACH, attach, 80)		\
	kind(DETACH, detach, 30)		\
	kind(LEAVE, leave, 6)			\
	kind(DEVICE, device, 30)		\
	kind(DEVICE_CLOSE, device_close, 8)	\
	kind(PIN, pin, 60)			\
	kind(UNPIN, unpin, 30)			\
	kind(DMA_RW, dma_rw, 40)		\
	kind(MANNERS, manners, 10)		\
	kind(FORK, fork, 8)			\
	kind(EXEC, exec, 3)			\
	kind(EXIT, exit, 2)			\
	kind(SEND, send, 15)			\
	kind(RECEIVE, receive, 45)		\
	kind(LIMIT, limit, 15)			\
	kind(ALARM, alarm, 60)			\
	kind(KILLED, killed, 0)			\
	kind(SIGNALLED, signalled, 0)		\
	kind(OOM_KILLED, oom_killed, 0)		\
	kind(FAILED_ALLOCATION, failed_allocation, 0) \
	kind(REMOVED, removed, 0)		\
	kind(UNLOADED, unloaded, 0)		\
	kind(UNLOAD_REFUSED, unload_refused, 0)	\
	kind(LULL, lull, 0)			\
	kind(PRESSED, pressed, 0)

enum soak_kind {
#define SOAK_ENUM(id, name, weight) SOAK_##id,
	SOAK_KINDS_OF(SOAK_ENUM)
#undef SOAK_ENUM
	SOAK_KINDS
};

/* Faults that are played, so that it can be seen that they are found. */
enum soak_defect {
	SOAK_SOUND,
	SOAK_LOST_PIN,			/* a page is not unpinned */
	SOAK_LOST_CONTAINER,		/* somebody keeps a container */
	SOAK_LOST_CHARGE,		/* locked memory stays counted */
	SOAK_STUCK,			/* a process does not close its files */
	SOAK_DEFECTS
};

struct soak_options {
	uint64_t seed;
	unsigned int seconds;
	unsigned int epoch_seconds;
	bool cycles;			/* attach, detach, map and unmap alone */
	bool hotplug;
	bool tight;			/* some actors in small memory cgroups */
	bool stock;			/* not ours: leave out what stock is known to crash on */
	enum soak_defect defect;
};

/* How an epoch goes: each step begins when the one before is over for everybody. */
enum soak_phase {
	SOAK_RUN,
	SOAK_CLOSING,			/* close everything and say so */
	SOAK_LOOKING,			/* nothing is left: is anything still counted? */
};

struct soak_slot {
	pid_t pid;			/* 0: free, -1: somebody is about to use it */
	uint32_t closed;
	uint32_t tight;			/* in a small memory cgroup; the number of it */
	uint32_t device[SOAK_GROUPS];	/* which device the group is of */
	uint64_t seed;
	long long still_locked;		/* bytes that are counted although everything is closed */
};

struct soak_shared {
	struct soak_options options;
	uint32_t phase;
	uint32_t lulls;			/* odd while nobody is to use the backend */
	uint32_t nr_pci;
	uint32_t nr_devices;		/* those on the PCI bus, then those without an IOMMU */
	char bdf[SOAK_DEVICES][16];
	uint64_t tried[SOAK_KINDS];
	uint64_t done[SOAK_KINDS];
	struct soak_slot slot[SOAK_SLOTS];
};

struct soak_area {
	uint8_t *at;
	size_t bytes;
};

#define SOAK_AREAS	5

struct soak_actor {
	struct soak_shared *shared;
	struct soak_slot *slot;
	struct fuzz_random random;
	struct soak_area area[SOAK_AREAS];
	uint64_t mapped, pinned;	/* where, the last time */
	bool fails_allocations;
};

/* supervisor.c */
void soak_count(struct soak_shared *shared, enum soak_kind kind, bool done);
enum soak_phase soak_phase(struct soak_shared *shared);
double soak_now(void);
bool soak_epoch(struct soak_shared *shared, unsigned int number);

/* patience.c: how long to wait for a process. */
struct soak_patience {
	uint64_t work, work_before;	/* of those looked at */
	unsigned int ticks;		/* since it changed */
	unsigned int most;		/* ticks */
};

struct soak_patience soak_patience_for(struct soak_shared *shared);
void soak_patience_look(struct soak_patience *patience, pid_t pid);
bool soak_patience_wait(struct soak_patience *patience);
void soak_patience_describe(pid_t pid);

/* actor.c: what a process does until it ends. */
void soak_actor_run(struct soak_shared *shared, unsigned int slot) __attribute__((noreturn));
int soak_actor_main(int argc, char **argv);

/* files.c */
int soak_keep_at(int fd, int number);
bool soak_is_open(int fd);
int soak_some_file(struct soak_actor *me, int first, unsigned int n);
int soak_free_file(int first, unsigned int n);
void soak_close_all(struct soak_actor *me);
void soak_empty_pool(void);
int soak_group_number(struct soak_shared *shared, unsigned int device);

/* drivers.c */
int soak_some_emulated(struct soak_actor *me);

/* areas.c */
void soak_areas_make(struct soak_actor *me);

/* Helpers, which run until the phase changes, or for as long as what they wait for. */
void soak_kill(struct soak_shared *shared, struct fuzz_random *random);
void soak_unplug(struct soak_shared *shared, struct fuzz_random *random);
void soak_unload(struct soak_shared *shared, struct fuzz_random *random);
void soak_press(struct soak_shared *shared, struct fuzz_random *random);
void soak_nap(struct soak_shared *shared, unsigned int ms);
bool soak_is_lull(struct soak_shared *shared);

/* tight.c: small memory cgroups. */
bool soak_tight_prepare(void);
void soak_tight_enter(uint32_t number, uint64_t bytes);
int soak_tight_remove(void);
long long soak_tight_held(void);

/* counts.c: what has to be as it was. */
void soak_counts_start(struct soak_shared *shared);
bool soak_counts_are_back(struct soak_shared *shared);

/* defects.c */
void soak_play_defect(struct soak_shared *shared);
void soak_play_lost_charge(struct soak_actor *me);
void soak_play_stuck(struct soak_actor *me);

/* cycles.c: attach and detach, map and unmap, at full speed and nothing else. */
bool soak_cycles(struct soak_shared *shared, unsigned int seconds);

#define SOAK_OPERATION(id, name, weight) long soak_##name(struct soak_actor *me);
SOAK_KINDS_OF(SOAK_OPERATION)
#undef SOAK_OPERATION

#endif
