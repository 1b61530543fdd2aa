/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's edu device: a DMA engine that copies between IOVAs and 4 KiB of its own memory. */
#ifndef NG_EDU_H
#define NG_EDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The engine addresses 28 bits; more is cut off by the device. */
#define EDU_IOVA_LIMIT	(UINT64_C(1) << 28)

/* The device refuses (by ending QEMU) transfers that touch the last byte of its memory. */
#define EDU_MAX_BYTES	2048

struct edu {
	int fd;			/* VFIO device */
	uint64_t bar_offset;	/* of BAR 0 in fd */
	size_t bar_bytes;
	volatile uint8_t *bar;
};

/* Open a device of an attached group and switch its DMA on: 0 or -errno. */
int edu_open(struct edu *edu, int group, const char *bdf);
void edu_close(struct edu *edu);

/* Without them, touching the BAR is a bus error. */
int edu_switch_registers(struct edu *edu, bool on);

/* The device reads from / writes to memory; -ETIMEDOUT when it never finishes. */
int edu_read_memory(struct edu *edu, uint64_t iova, size_t bytes);
int edu_write_memory(struct edu *edu, uint64_t iova, size_t bytes);

#endif
