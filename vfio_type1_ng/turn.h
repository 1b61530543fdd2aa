/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turns: when a call may work on a range of addresses. A range may be wide and
 * busy, so that its mappings are never all live. So a call waits in two steps:
 *
 *  1. once for each mapping in transition, in ascending order. Other calls
 *     begin transitions in the range meanwhile;
 *  2. if the range is still busy, in a queue. Later calls begin no transition
 *     in the range of a queued call. Those under way end, because no call
 *     waits for a turn while it has a mapping in transition. So the first call
 *     gets its turn, and calls for overlapping ranges get theirs in order.
 *
 * With step 1 alone, a call could wait without end. With step 2 alone, a call
 * that waits for a long one would delay short ones.
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
