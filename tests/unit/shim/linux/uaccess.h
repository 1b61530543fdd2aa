/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_UACCESS_H
#define SHIM_UACCESS_H

#include <stddef.h>

/* The test decides which addresses fault.  Both return how many bytes were not copied. */
size_t copy_to_user(void *to, const void *from, size_t bytes);
size_t copy_from_user(void *to, const void *from, size_t bytes);

#endif
