// SPDX-License-Identifier: GPL-2.0-only
/*
 * Things that go wrong on purpose, so that it can be seen that they are found. Each by itself, in
 * an epoch that is like the others.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/memory.h"
#include "../lib/vfio.h"
#include "soak.h"

/* The kernel function that unpins is skipped once: it has one of two names. */
static void lose_a_pin(void)
{
	static const char *const functions[] = { "unpin_user_page_range_dirty_lock",
						 "unpin_user_pages_dirty_lock" };
	struct fault_rule rules[2];
	unsigned int i;
	int ret;

	for (i = 0; i < 2; i++)
		rules[i] = (struct fault_rule){ .func = functions[i], .nth = 5, .count = 1 };
	ret = fault_arm(rules, 2);
	if (ret)
		ret = fault_arm(rules + 1, 1);
	if (ret)
		ktap_diag("soak: ng_fault.ko cannot be loaded: %s", strerror(-ret));
}

/* Somebody has it for as long as the test runs. */
static void lose_a_container(struct soak_shared *shared)
{
	int container = container_open();
	int group = group_open(soak_group_number(shared, 0));

	group_set_container(group, container);
	container_set_iommu(container, VFIO_TYPE1v2_IOMMU);
}

void soak_play_defect(struct soak_shared *shared)
{
	if (shared->options.defect == SOAK_LOST_PIN)
		lose_a_pin();
	if (shared->options.defect == SOAK_LOST_CONTAINER)
		lose_a_container(shared);
}

/* An actor's part in it: memory that stays locked. */
void soak_play_lost_charge(struct soak_actor *me)
{
	if (me->shared->options.defect == SOAK_LOST_CHARGE)
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
}

/* Another part in it: a process that does not end. */
void soak_play_stuck(struct soak_actor *me)
{
	while (me->shared->options.defect == SOAK_STUCK)
		pause();
}
