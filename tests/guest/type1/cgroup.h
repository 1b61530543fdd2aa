/* SPDX-License-Identifier: GPL-2.0-only */
/* A memory cgroup, for tests of who pays for the kernel's memory. */
#ifndef NG_TYPE1_CGROUP_H
#define NG_TYPE1_CGROUP_H

#include <stddef.h>

#define CGROUP	"/tmp/cgroup/type1-test"

/* Make it; skips the test where that is impossible. */
void cgroup_make(void);
void cgroup_remove(void);

/* Put the calling process into it. */
void cgroup_enter(void);

/* How many bytes those in it use now, to some dozens of pages. */
long long cgroup_used(void);

/* Let those in it use so many bytes more than now, or as many as they like. */
void cgroup_leave(size_t bytes);
void cgroup_unlimit(void);

#endif
