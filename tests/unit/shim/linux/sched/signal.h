/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SCHED_SIGNAL_H
#define SHIM_SCHED_SIGNAL_H

#define current			NULL
#define fatal_signal_pending(task) (shim_fatal_signal)

/* A test sets it to see a call end early. */
extern _Bool shim_fatal_signal;

#endif
