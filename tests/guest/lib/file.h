/* SPDX-License-Identifier: GPL-2.0-only */
/* Short reads and writes of the small text files in /proc and /sys. */
#ifndef NG_FILE_H
#define NG_FILE_H

#include <stddef.h>

/* Read a whole small file, without its last newline. Returns its length or -errno. */
int file_read(const char *path, char *buf, size_t size);

/* Write a string to an existing file. Returns 0 or -errno. */
int file_write(const char *path, const char *text);
int file_append(const char *path, const char *text);

/* Read a number (any base strtoll() knows). Returns it or -errno. */
long long file_read_number(const char *path);

/* Value of the "Key:   123 kB" or "key 123" line; -ENOENT when there is none. */
long long file_read_key(const char *path, const char *key);

#endif
