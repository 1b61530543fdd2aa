/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups: the devices of a container, in the units that the IOMMU isolates. */
#ifndef NG_GROUP_H
#define NG_GROUP_H

#include <linux/list.h>
#include <linux/types.h>

struct iommu_device;
struct iommu_group;
struct ng_container;
struct ng_domain;
struct ng_reserved;

/**
 * struct ng_group - a group in a container; under its topology unless marked
 * @next: node in the container's hash table
 * @iommu_group: the IOMMU core's object; the VFIO core keeps it until detach
 * @emulated: its drivers access memory with the CPU, so it needs no domain
 * @domain: domain that it is attached to
 * @in_domain: node in the domain's list
 * @nr_devices: number of its devices at attach
 * @instance: IOMMU that translates for them; only compared
 * @reserved: ranges that it reserves
 * @few_reserved: storage for @reserved if they are as few as usual
 * @nr_reserved: their number
 * @reserves_more: at attach, no other group reserved one of them
 * @software_msi_base: address for the MSI doorbell
 * @has_software_msi: the IOMMU translates MSIs: the doorbell needs an address
 * @can_be_coherent: DMA of all its devices can be made coherent, where known
 * @pinned_scope: its driver reaches memory only through pins (see dirty.h)
 */
struct ng_group {
	struct hlist_node next;
	struct iommu_group *iommu_group;
	bool emulated;
	struct ng_domain *domain;
	struct list_head in_domain;
	unsigned int nr_devices;
	const struct iommu_device *instance;
	struct ng_reserved **reserved;
	struct ng_reserved *few_reserved[2];
	unsigned int nr_reserved;
	bool reserves_more;
	phys_addr_t software_msi_base;
	bool has_software_msi;
	bool can_be_coherent;

	/* Under the container's lock. */
	bool pinned_scope;
};

struct ng_group *ng_group_find(struct ng_container *ct, const struct iommu_group *iommu_group);
int ng_group_attach(void *handle, struct iommu_group *iommu_group, bool emulated);
void ng_group_detach(void *handle, struct iommu_group *iommu_group);
void ng_groups_detach_all(struct ng_container *ct);

#endif
