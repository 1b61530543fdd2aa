/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: the I/O page tables of a container.
 *
 * All domains of a container map the same.  There is more than one only because some groups cannot share: a group joins
 * a domain that exists if one accepts it, and a domain is made only for a group that none accepts.  A domain lives
 * from its first group to its last.
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
 * struct ng_domain - one I/O page table and the groups that use it
 * @next: place in the container's list
 * @iommu: the kernel's object
 * @instance: IOMMU of one of its groups, which accepts the domain for certain and stays as long as the group
 * @refused: another IOMMU whose group it refused latest, or NULL; only compared
 * @groups: struct ng_group that are attached, at least one once it is in the list
 * @nr_groups: their number
 * @coherent: no DMA through it can bypass the CPU caches
 * @for_coherent: it was made for a group whose DMA can be made coherent
 * @stranded: a device may still be attached that no group accounts for; never freed
 *
 * Guarded by the container's topology.
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
