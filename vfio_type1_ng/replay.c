// SPDX-License-Identifier: GPL-2.0-only
/* Filling a new domain with all mappings; emptying one that goes. */
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/sched/mm.h>

#include "account.h"
#include "container.h"
#include "external.h"
#include "mapping.h"
#include "replay.h"
#include "transfer.h"

#define for_each_mapping(mapping, ct)						\
	for (mapping = ng_mapping_first(ct, NG_RANGE_ALL); mapping;		\
	     mapping = ng_mapping_next(mapping, NG_RANGE_ALL))

/* True for all mappings or for none. */
static bool is_filled(const struct ng_mapping *mapping)
{
	return !ng_runs_empty(&mapping->runs);
}

/* The mapping then pays for pages that in-kernel users hold, too. */
static int fill(struct ng_container *ct, struct ng_mapping *mapping)
{
	unsigned long held = mapping->charged_pages;
	struct ng_owner *owner = mapping->owner;
	int ret;

	if (!mmget_not_zero(owner->mm))
		return -ENODEV;

	/* Before filling: pages charged twice could exceed the limit. */
	ng_account_uncharge(owner, held);
	mapping->charged_pages = 0;
	ret = ng_mapping_fill(ct, mapping);
	if (ret) {
		ng_account_charge_anyway(owner, held);
		mapping->charged_pages = held;
	}
	mmput(owner->mm);
	return ret;
}

/* Empty a mapping, but what in-kernel users hold stays pinned and charged. */
static void unpin(struct ng_container *ct, struct ng_mapping *mapping)
{
	unsigned long held = ng_external_chargeable(ct, mapping);
	unsigned long keep = min(held, mapping->charged_pages);

	mapping->charged_pages -= keep;
	ng_mapping_empty(ct, mapping);

	/* A zero page, which is not charged, may have been replaced since. */
	ng_account_charge_anyway(mapping->owner, held - keep);
	mapping->charged_pages = held;
}

/**
 * ng_mappings_replay() - map everything in a new domain
 * @ct: the container
 * @domain: an empty domain, the last in the list; after a failure, only free it
 * Return: 0; as ng_mapping_replay(); for the first domain, -ENODEV if the
 * address space of an owner is gone, or as ng_mapping_fill().
 */
int ng_mappings_replay(struct ng_container *ct, struct ng_domain *domain)
{
	struct ng_mapping *mapping;
	int ret = 0;

	lockdep_assert_held_write(&ct->topology);
	for_each_mapping(mapping, ct) {
		ret = is_filled(mapping) ? ng_mapping_replay(ct, mapping, domain) :
					   fill(ct, mapping);
		if (ret)
			break;
	}
	if (ret && list_is_singular(&ct->domains))
		ng_mappings_unpin_all(ct);
	return ret;
}

/* Empty the last domain, which still exists. The mappings stay. */
void ng_mappings_unpin_all(struct ng_container *ct)
{
	struct ng_mapping *mapping;

	lockdep_assert_held_write(&ct->topology);
	for_each_mapping(mapping, ct)
		if (is_filled(mapping))
			unpin(ct, mapping);
}

/**
 * ng_mappings_withdraw() - unmap everything from one domain of several
 * @ct: the container
 * @domain: a domain that leaves the container's list but is not freed
 *
 * No later call unmaps in it: what stays mapped would outlive its pins.
 */
void ng_mappings_withdraw(struct ng_container *ct, struct ng_domain *domain)
{
	struct ng_mapping *mapping;

	lockdep_assert_held_write(&ct->topology);
	for_each_mapping(mapping, ct)
		ng_mapping_withdraw(mapping, domain);
}
