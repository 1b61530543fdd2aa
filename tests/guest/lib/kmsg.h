/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log since a point in time. */
#ifndef NG_KMSG_H
#define NG_KMSG_H

#include <stdbool.h>
#include <stddef.h>

/* A reader that sees only what is logged from now on; -errno on failure. */
int kmsg_open(void);

/* Next new line that contains one of the words (NULL ends the list); false when there is none. */
bool kmsg_find(int reader, const char *const words[], char *line, size_t size);

/* The words of a kernel that reports a defect of itself. */
extern const char *const kmsg_trouble[];

#endif
