/* SPDX-License-Identifier: GPL-2.0-only */
/* Hold another process's mmap lock, with fault/ng_mmap_hold.ko. */
#ifndef NG_MMAP_HOLD_H
#define NG_MMAP_HOLD_H

#include <sys/types.h>

/* For reading, until mmap_let_go(). 0 or -errno. */
int mmap_hold(pid_t pid);

/* Harmless when it is not held. */
void mmap_let_go(void);

#endif
