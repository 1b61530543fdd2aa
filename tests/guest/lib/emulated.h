/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices of emulated/, which have no IOMMU and do what a test says. Calls return -errno on failure. */
#ifndef NG_LIB_EMULATED_H
#define NG_LIB_EMULATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../emulated/uapi.h"

#define EMULATED_DEVICES	2

/* Number of the IOMMU group of the n-th device, or -ENOENT. */
int emulated_group(unsigned int n);

/* Open the n-th device of an attached group. */
int emulated_open(int group, unsigned int n);

int emulated_pin(int fd, uint64_t iova, int npages, uint32_t prot);
int emulated_unpin(int fd, uint64_t iova, int npages);
int emulated_read(int fd, uint64_t iova, void *buf, size_t bytes);
int emulated_write(int fd, uint64_t iova, const void *buf, size_t bytes);
int emulated_rw_from_kthread(int fd, uint64_t iova, void *buf, size_t bytes, bool write);

/* Through the page that the device has pinned. */
int emulated_page_read(int fd, uint64_t iova, void *buf, size_t bytes);
int emulated_page_write(int fd, uint64_t iova, const void *buf, size_t bytes);

int emulated_behave(int fd, enum ng_emulated_manners manners);
int emulated_mend(int fd);
int emulated_listen(int fd, unsigned long events);
int emulated_told(int fd, struct ng_emulated_told *told);

#endif
