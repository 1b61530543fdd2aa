/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory whose first touch waits until somebody fills it (userfaultfd). */
#ifndef NG_SLOW_MEMORY_H
#define NG_SLOW_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slow_memory {
	int uffd;
	void *area;
};

/* Private anonymous memory. Returns false where the kernel has no userfaultfd. */
bool slow_memory_make(struct slow_memory *slow, size_t bytes);

/* Wait until somebody touches a page of it; false if nobody does within 20 s. */
bool slow_memory_wait_for_touch(struct slow_memory *slow);

/* Fill some of it with zeroes, and let those go on who wait for that. False if that fails. */
bool slow_memory_fill(struct slow_memory *slow, size_t from, size_t bytes);

#endif
