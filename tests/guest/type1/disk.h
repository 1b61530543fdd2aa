/* SPDX-License-Identifier: GPL-2.0-only */
/* A small file system on a disk of memory, for tests of memory that is a file (file-memory.c). */
#ifndef NG_TYPE1_DISK_H
#define NG_TYPE1_DISK_H

#include <stddef.h>
#include <stdint.h>

/* Skips the test where this kernel has no such disk or file system. */
void mount_disk(void);
void umount_disk(void);

/* A shared mapping of a new file, which is the only one. */
uint8_t *map_file(size_t bytes);

#endif
