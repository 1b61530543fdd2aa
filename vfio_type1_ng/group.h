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
 * struct ng_group - a group in a container
 * @next: place in the container's table
 * @iommu_group: the kernel's object; the core keeps it until detach
 * @emulated: its devices make their DMA through the CPU, so it needs no domain
 * @domain: domain that it is attached to
 * @in_domain: place in the domain's list
 * @nr_devices: how many devices it had when it came
 * @instance: IOMMU that translates for them; only compared
 * @reserved: ranges that it reserves
 * @few_reserved: room for them if they are as few as usual
 * @nr_reserved: their number
 * @reserves_more: one of them was reserved by no other group of the container when it came
 * @software_msi_base: where the MSI doorbell goes
 * @has_software_msi: the IOMMU translates MSIs, so the doorbell needs an address
 * @can_be_coherent: the DMA of all its devices can be made coherent, as far as the kernel tells
 * @pinned_scope: its driver reaches memory only by pinning it (see dirty.h)
 *
 * Guarded by the container's topology, unless said otherwise.
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
