// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known about an attach before it is tried.
 *
 * Nothing here sleeps: the facts for other modules' calls are collected in a probe.
 */
#include <compat/iommu.h>

#include "facts.h"
#include "identify.h"

static enum emt_generation generation(void)
{
	return (compat_attach_errnos_documented() ? EMT_GEN_DOCUMENTED : 0) |
	       (compat_attach_errnos_undocumented() ? EMT_GEN_UNDOCUMENTED : 0);
}

/**
 * emt_collect_facts() - what is known about attaching a device, or a group by one of its devices
 * @domain: the domain
 * @dev: a device behind an IOMMU, whose driver made @domain
 * @facts: filled
 *
 * Context: any; @dev must stay.
 */
void emt_collect_facts(struct iommu_domain *domain, struct device *dev, struct emt_facts *facts)
{
	*facts = (struct emt_facts){
		.driver = emt_identify(compat_dev_iommu(dev)),
		.generation = generation(),
	};
	if (compat_dirty_tracking_differs(domain, dev))
		facts->evidence |= EMT_DIRTY_TRACKING_DIFFERS;
}

/**
 * emt_collect_facts_of_domain() - what is known about attaching a group that cannot be looked into
 * @domain: the domain
 * @driver: the IOMMU driver that made @domain, which is the one that answers
 * @facts: filled; evidence that needs a device is taken to hold where it speaks for an incompatibility
 *
 * Context: any.
 */
void emt_collect_facts_of_domain(struct iommu_domain *domain, enum emt_driver driver, struct emt_facts *facts)
{
	*facts = (struct emt_facts){
		.driver = driver,
		.generation = generation(),
	};
	if (compat_domain_tracks_dirty(domain))
		facts->evidence |= EMT_DIRTY_TRACKING_DIFFERS;
}
