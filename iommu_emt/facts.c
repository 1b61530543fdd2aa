// SPDX-License-Identifier: GPL-2.0-only
/* What is known before an attach. Nothing here sleeps: probes use it too. */
#include <compat/iommu.h>

#include "facts.h"
#include "identify.h"

static enum emt_generation generation(void)
{
	return (compat_attach_errnos_documented() ? EMT_GEN_DOCUMENTED : 0) |
	       (compat_attach_errnos_undocumented() ? EMT_GEN_UNDOCUMENTED : 0);
}

/* A driver may set it at the first attach, perhaps now; it is never cleared. */
static unsigned int use_of(const struct iommu_domain *domain)
{
	return READ_ONCE(domain->geometry.force_aperture) ? EMT_DOMAIN_USED : EMT_DOMAIN_UNUSED;
}

/* @dev is behind an IOMMU and must stay during the call. */
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

/* Without a device, assume that its IOMMU cannot track dirty pages. */
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

void emt_update_use(const struct iommu_domain *domain, struct emt_facts *facts)
{
	facts->evidence &= ~(EMT_DOMAIN_USED | EMT_DOMAIN_UNUSED);
	facts->evidence |= use_of(domain);
}

/* The IOMMUs are only compared. @instance is as in iommu_emt_join_group(). */
void emt_add_facts_of_groups(const struct iommu_device *own, const struct iommu_device *instance, struct emt_facts *facts)
{
	if (!instance)
		return;
	facts->evidence |= EMT_DOMAIN_HAS_GROUPS;
	facts->evidence |= instance == own ? EMT_SAME_INSTANCE : EMT_OTHER_INSTANCE;
}
