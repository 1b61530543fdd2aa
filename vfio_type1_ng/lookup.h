/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of a mapping without runs: its frames are looked up in an IOMMU. As
 * in vfio_iommu_type1, those with a struct page that is not reserved count as
 * pinned. So pinned pages of device DAX files stay pinned. And a driver must
 * not make its pages ordinary ones and free them while user space has them.
 *
 * Offsets are in bytes from the mapping's start, where a run begins or ends.
 */
#ifndef NG_LOOKUP_H
#define NG_LOOKUP_H

#include <linux/types.h>

struct ng_container;
struct ng_domain;
struct ng_mapping;

bool ng_lookup_empty(struct ng_container *ct, struct ng_mapping *mapping, u64 from, u64 to);
int ng_lookup_replay(struct ng_container *ct, struct ng_mapping *mapping,
		     struct ng_domain *domain, u64 from, gfp_t gfp);
void ng_lookup_withdraw(struct ng_mapping *mapping, struct ng_domain *domain, u64 from);

#endif
