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

/* A driver puts the aperture in force at the first attach, perhaps just now, and for ever. */
static unsigned int use_of(const struct iommu_domain *domain)
{
	return READ_ONCE(domain->geometry.force_aperture) ? EMT_DOMAIN_USED : EMT_DOMAIN_UNUSED;
}

/**
 * emt_collect_facts() - what is known about attaching a device, or a group by one of its devices
 * @domain: the domain
 * @dev: a device behind an IOMMU
 * @facts: filled
 *
 * Context: any; @dev must stay.
 */
void emt_collect_facts(const struct iommu_domain *domain, struct device *dev, struct emt_facts *facts)
{
	*facts = (struct emt_facts){
		.driver = emt_identify(compat_dev_iommu(dev)),
		.generation = generation(),
		.evidence = use_of(domain),
	};
	if (!compat_domain_fits_driver(domain, dev))
		facts->evidence |= EMT_FOREIGN_DOMAIN;
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
void emt_collect_facts_of_domain(const struct iommu_domain *domain, enum emt_driver driver, struct emt_facts *facts)
{
	*facts = (struct emt_facts){
		.driver = driver,
		.generation = generation(),
		.evidence = use_of(domain),
	};
	if (compat_domain_tracks_dirty(domain))
		facts->evidence |= EMT_DIRTY_TRACKING_DIFFERS;
}

/**
 * emt_update_use() - look again if the domain has been attached
 * @domain: the domain
 * @facts: of the domain; evidence of its use is brought up to date
 *
 * Context: any.
 */
void emt_update_use(const struct iommu_domain *domain, struct emt_facts *facts)
{
	facts->evidence &= ~(EMT_DOMAIN_USED | EMT_DOMAIN_UNUSED);
	facts->evidence |= use_of(domain);
}

/**
 * emt_add_facts_of_groups() - take into account whose groups the domain serves
 * @own: IOMMU of the group that is to be attached, only compared
 * @instance: IOMMU of a group that the domain serves, only compared; NULL if nothing is known of it
 * @facts: of the domain and the group
 *
 * Context: any.
 */
void emt_add_facts_of_groups(const struct iommu_device *own, const struct iommu_device *instance, struct emt_facts *facts)
{
	if (!instance)
		return;
	facts->evidence |= EMT_DOMAIN_HAS_GROUPS;
	facts->evidence |= instance == own ? EMT_SAME_INSTANCE : EMT_OTHER_INSTANCE;
}
