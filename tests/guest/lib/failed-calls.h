/* SPDX-License-Identifier: GPL-2.0-only */
/* Count the calls of a kernel function that return an error, with a kretprobe event in a trace buffer of its own. */
#ifndef NG_FAILED_CALLS_H
#define NG_FAILED_CALLS_H

/* Watch a function that returns int. Returns 0, or -errno when tracefs is of no use. One function at a time. */
int failed_calls_start(const char *function);

/* Calls that failed since then, or -errno. */
int failed_calls(void);

/* Harmless when nothing is watched. */
void failed_calls_stop(void);

#endif
