/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SCHED_H
#define SHIM_SCHED_H

#define TASK_COMM_LEN	16
#define cond_resched()		((void)0)

#endif
