/* SPDX-License-Identifier: GPL-2.0-only */
/* Containers with devices that have no IOMMU (emulated/), for the tests emulated*.c. */
#ifndef NG_TYPE1_EMULATED_H
#define NG_TYPE1_EMULATED_H

#include "../lib/emulated.h"
#include "test.h"

/* The n-th device of emulated/ and its group; fd is the device, which opens when its container has a driver. */
struct emulated {
	unsigned int n;
	int group;
	int fd;
};

/* A container that has only this device, open. */
void emulated_make(struct container *ct, struct emulated *emulated, int type);

/* The same, v2, with PAGES pages of memory mapped at IOVA, which it returns. */
#define PAGES	16
#define BYTES	(PAGE * PAGES)
uint8_t *emulated_make_mapped(struct container *ct, struct emulated *emulated);

/* Put the group of the n-th device into a container that has a driver, and open the device. */
void emulated_add(struct container *ct, struct emulated *emulated, unsigned int n);

/* Close the device, and take its group out of the container. */
void emulated_remove(struct emulated *emulated);

uint64_t emulated_times_told(const struct emulated *emulated);
uint64_t emulated_held(const struct emulated *emulated);

#endif
