/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_MUTEX_H
#define SHIM_MUTEX_H

#include <assert.h>
#include <stdbool.h>

/* Knows only if it is held, which is enough to see it taken twice or not given back. */
struct mutex {
	bool held;
};

static inline void mutex_init(struct mutex *mutex)
{
	mutex->held = false;
}

static inline void mutex_lock(struct mutex *mutex)
{
	assert(!mutex->held);
	mutex->held = true;
}

static inline int mutex_lock_killable(struct mutex *mutex)
{
	mutex_lock(mutex);
	return 0;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	assert(mutex->held);
	mutex->held = false;
}

#endif
