/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: the I/O page tables of a container, which all map the same. A new
 * one is created only for a group that no existing domain accepts.
 */
#ifndef NG_DOMAIN_H
#define NG_DOMAIN_H

#include <linux/list.h>
#include <linux/types.h>

struct iommu_device;
struct iommu_domain;
struct ng_container;
struct ng_group;
struct ng_iova_windows;
struct ng_run;

/**
 * struct ng_domain - an I/O page table; guarded by the container's topology
 * @next: node in the container's list
 * @iommu: the IOMMU core's object
 * @instance: IOMMU of an attached group, so it exists and accepts the domain
 * @refused: the last IOMMU whose group it refused, or NULL; only compared
 * @groups: attached struct ng_group; empty only while the domain is created
 * @nr_groups: their number
 * @coherent: no DMA through it can bypass the CPU caches
 * @for_coherent: the DMA of its first group could be made coherent
 * @stranded: a failed attach may have left devices attached: never freed
 */
struct ng_domain {
	struct list_head next;
	struct iommu_domain *iommu;
	const struct iommu_device *instance;
	const struct iommu_device *refused;
	struct list_head groups;
	unsigned int nr_groups;
	bool coherent;
	bool for_coherent;
	bool stranded;
};

int ng_domain_join_any(struct ng_container *ct, struct ng_group *group);
int ng_domain_create_for(struct ng_container *ct, struct ng_group *group, struct ng_iova_windows *windows);
void ng_domain_leave(struct ng_container *ct, struct ng_group *group);

void ng_domains_restrict_windows(struct ng_container *ct, struct ng_iova_windows *windows);
void ng_domains_update_page_sizes(struct ng_container *ct);
bool ng_domains_coherent(struct ng_container *ct);

int ng_domain_map(struct ng_domain *domain, u64 iova, const struct ng_run *run, int prot,
		  gfp_t gfp);
bool ng_domain_unmap(struct ng_domain *domain, u64 iova, const struct ng_run *run);
int ng_domains_map(struct ng_container *ct, u64 iova, const struct ng_run *run, int prot,
		   gfp_t gfp);
bool ng_domains_unmap(struct ng_container *ct, u64 iova, u64 bytes);

#endif
