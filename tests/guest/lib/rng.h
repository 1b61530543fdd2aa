/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's virtio-rng device, where there is no edu: it reads requests from a ring in memory, and writes random bytes where
 * these say. Calls return -errno on failure.
 */
#ifndef NG_RNG_H
#define NG_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	int fd;			/* VFIO device */
	uint64_t notify;	/* where in fd the device is told of a request */
	uint64_t common;	/* where in fd its registers are */
	void *ring;
};

/* Open a device of an attached group, which resets it. */
int rng_open(struct rng *rng, int group, const char *bdf);
void rng_close(struct rng *rng);

/* Have it use a ring, which is a page that is mapped at ring_iova. */
int rng_start(struct rng *rng, void *ring, uint64_t ring_iova);

/* The device writes to memory; -ETIMEDOUT when it never says that it has. */
int rng_write_memory(struct rng *rng, uint64_t iova, size_t bytes);

#endif
