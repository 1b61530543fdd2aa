/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MOCK_OPS_H
#define MOCK_OPS_H

#include <linux/iommu.h>

#include <compat/generated/probes.h>

/* Old registration functions do not take a constant. */
extern struct iommu_ops mock_ops;

/* Lets a domain look as if another driver had made it, or takes that back, which has to be before it is freed. */
void mock_ops_disguise(struct iommu_domain *domain, bool foreign);

/* Lets a domain look as if it tracked dirty pages, where a kernel knows that. */
void mock_ops_track_dirty(struct iommu_domain *domain);

#endif
