// SPDX-License-Identifier: GPL-2.0-only
/* Mappings and the coming and going of domains; see replay.h. */
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

/* Has it been filled?  True for all mappings or for none. */
static bool is_filled(const struct ng_mapping *mapping)
{
	return !ng_runs_empty(&mapping->runs);
}

/**
 * fill() - pin a mapping's memory and map it in the container's first domain
 * @ct: the container
 * @mapping: a mapping without runs
 *
 * The whole memory is charged now, so what in-kernel users hold of it is not charged beside it any more.
 *
 * Return: 0; -ENODEV if the owner's address space is gone; as ng_mapping_fill().  After a failure, nothing has changed.
 */
static int fill(struct ng_container *ct, struct ng_mapping *mapping)
{
	unsigned long held = mapping->charged_pages;
	struct ng_owner *owner = mapping->owner;
	int ret;

	if (!mmget_not_zero(owner->mm))
		return -ENODEV;

	/* Not after filling: what fits the owner's limit must not fail because some of it is counted twice. */
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

/* Unmaps a mapping from the last domain and unpins it.  What in-kernel users hold of it stays pinned and charged. */
static void unpin(struct ng_container *ct, struct ng_mapping *mapping)
{
	unsigned long held = ng_external_chargeable(ct, mapping);
	unsigned long keep = min(held, mapping->charged_pages);

	mapping->charged_pages -= keep;
	ng_mapping_empty(ct, mapping);

	/* A page that was not the owner's when the mapping was filled (the zero page) may have become so. */
	ng_account_charge_anyway(mapping->owner, held - keep);
	mapping->charged_pages = held;
}

/**
 * ng_mappings_replay() - map everything in a new domain too
 * @ct: the container
 * @domain: a domain that holds no mapping, the last of the container's list
 *
 * Return: 0, the IOMMU driver's errno, -EINTR on a fatal signal; for the first domain, also as fill().  After a failure the
 * domain may hold some mappings; it is good for nothing but being freed.
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

/* Takes everything out of the last domain, which still exists, and keeps the mappings. */
void ng_mappings_unpin_all(struct ng_container *ct)
{
	struct ng_mapping *mapping;

	lockdep_assert_held_write(&ct->topology);
	for_each_mapping(mapping, ct)
		if (is_filled(mapping))
			unpin(ct, mapping);
}

/**
 * ng_mappings_withdraw() - take everything out of one domain of several
 * @ct: the container
 * @domain: a domain that leaves the container's list and lives on
 *
 * No later call reaches the domain, so a mapping that it kept would outlive the pin of its memory.
 */
void ng_mappings_withdraw(struct ng_container *ct, struct ng_domain *domain)
{
	struct ng_mapping *mapping;

	lockdep_assert_held_write(&ct->topology);
	for_each_mapping(mapping, ct)
		ng_mapping_withdraw(mapping, domain);
}
