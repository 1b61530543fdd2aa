/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turns: when a call may work on a range of addresses.
 *
 * A mapping is in transition while one call fills, empties or moves it without the container's
 * lock (see mapping.h).  A call that meets such a mapping waits for that mapping alone: calls
 * for other addresses neither wait nor are woken.
 *
 * A range may be wide (VFIO_DMA_UNMAP_FLAG_ALL) and busy, so that at no moment all of its
 * mappings are live.  A call therefore waits in two steps:
 *
 *   1. once for each mapping in transition, in ascending order.  Other calls begin transitions
 *      in the range meanwhile;
 *   2. if the range is still busy then, in a queue.  No later call begins a transition in the
 *      range of a call in the queue.  What goes on there ends by itself, because a call never
 *      waits for a turn while it has a mapping in transition.  So the first call of the queue
 *      gets its turn, and calls whose ranges overlap get theirs in order.
 *
 * Step 1 alone could go on for ever.  Step 2 alone would let a call that waits for a long one
 * stop short ones.
 */
#ifndef NG_TURN_H
#define NG_TURN_H

#include <linux/types.h>

#include "range.h"

struct ng_container;

int ng_turn_wait(struct ng_container *ct, struct ng_range range, bool alone);
int ng_turn_wait_for(struct ng_container *ct, const void *obstacle);
void ng_turn_settled(struct ng_container *ct, const void *obstacle);

#endif
