/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of a mapping that its runs do not cover, because memory for them was short.
 *
 * What backs it is asked of an IOMMU, as often as it is needed.  The answer does not say which
 * frames are pinned, so their struct pages are looked at, as the stock module does for all memory:
 * those are that have one and are not reserved.  Reserved pages that were pinned, as those of
 * device DAX files are, stay pinned; and a driver must not make its pages ordinary ones, and then
 * free them, while it still has them in user space.
 *
 * Offsets are in bytes from the mapping's start, and there a run begins or ends.
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
