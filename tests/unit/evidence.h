/* SPDX-License-Identifier: GPL-2.0-only */
/* Every set of evidence that iommu_emt can find, and every errno. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <iommu_emt/judge.h>

/* Past the kernel's own, ERESTARTSYS and its like. */
#define LAST_ERRNO	540

/* What the caller may say of the domain's groups. */
static const unsigned int evidence_of_groups[] = {
	0, EMT_DOMAIN_HAS_GROUPS | EMT_SAME_INSTANCE, EMT_DOMAIN_HAS_GROUPS | EMT_OTHER_INSTANCE,
};

static inline unsigned int evidence_sets(void)
{
	return 8 * sizeof(evidence_of_groups) / sizeof(evidence_of_groups[0]);
}

/* The set with a number below evidence_sets(). */
static inline unsigned int evidence_set(unsigned int number)
{
	return (number & 1 ? EMT_DOMAIN_USED : EMT_DOMAIN_UNUSED) |
	       (number & 2 ? EMT_FOREIGN_DOMAIN : 0) |
	       (number & 4 ? EMT_DIRTY_TRACKING_DIFFERS : 0) |
	       evidence_of_groups[number / 8];
}

#endif
