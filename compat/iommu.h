/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/iommu.h> of the newest kernel, for older ones. History: operations of
 * a domain since v5.18; DMA owners and enforce_cache_coherency() since v5.19;
 * documented attach errnos, and coherency as a capability, since v6.2; no
 * detach_dev() since v6.3; domains allocated for a device since v6.11.
 */
#ifndef COMPAT_IOMMU_H
#define COMPAT_IOMMU_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/irqdomain.h>

#include <compat/generated/probes.h>

#ifndef HAVE_MSI_COOKIE_IN_IOMMU_H
#include <linux/dma-iommu.h>
#endif

/*
 * Attach errnos: each driver its own, or -EINVAL as documented by "iommu: Add
 * return value rules to attach_dev op and APIs" (v6.2, February 2023). No probe
 * sees that comment, or the changed bodies of drivers. So probe for
 * IOMMU_CAP_ENFORCE_CACHE_COHERENCY (new in v6.2) and for detach_dev() (removed
 * from all drivers in v6.3).
 *
 * If the two disagree, as in v6.2, assume drivers of both kinds: an errno is
 * then an error only if it is one for both. Kernels of RHEL 9 were read: by
 * both probes and in their drivers, 9.2 is old and 9.3 new. New drivers with
 * old probes would make -EINVAL an error, and refuse a group that needs its own
 * domain; no such kernel is known.
 */
static inline bool compat_attach_errnos_documented(void)
{
#if defined(HAVE_CAP_ENFORCE_CACHE_COHERENCY) || !defined(HAVE_DOMAIN_DETACH_DEV)
	return true;
#else
	return false;
#endif
}

static inline bool compat_attach_errnos_undocumented(void)
{
#if defined(HAVE_DOMAIN_DETACH_DEV) || !defined(HAVE_CAP_ENFORCE_CACHE_COHERENCY)
	return true;
#else
	return false;
#endif
}

/*
 * v5.10, v6.1 before v6.1.17 and v6.2 before v6.2.4 leave devices of a refused
 * group on the refused domain. No interface shows that, and the fix is
 * back-ported. Domain owners came long after it; on other cores, a second
 * restore does no harm.
 */
static inline bool compat_core_undoes_failed_attach(void)
{
#ifdef HAVE_DOMAIN_OWNER
	return true;
#else
	return false;
#endif
}

/* Since v5.19. A claimed group sits in a blocking domain. */
static inline bool compat_dma_has_owner(void)
{
#ifdef HAVE_IOMMU_GROUP_CLAIM_DMA_OWNER
	return true;
#else
	return false;
#endif
}

/* v5.10 attaches a group twice if it has no default domain. */
static inline bool compat_core_refuses_attached_group(void)
{
	return compat_dma_has_owner();
}

static inline struct iommu_device *compat_dev_iommu(struct device *dev)
{
	return dev->iommu ? dev->iommu->iommu_dev : NULL;
}

static inline const char *compat_iommu_name(const struct iommu_device *instance)
{
	return instance && instance->dev ? dev_name(instance->dev) : "-";
}

/* With DMA owners the core checks, and a claimed group may look taken. */
static inline bool compat_domain_is_taken(const struct iommu_domain *domain)
{
	return !compat_dma_has_owner() && domain && domain->type == IOMMU_DOMAIN_UNMANAGED;
}

/* Equals compat_driver_mark() of the IOMMU driver that made @domain. */
static inline const void *compat_domain_mark(const struct iommu_domain *domain)
{
#ifdef HAVE_DOMAIN_OWNER
	return domain->owner;
#else
	return domain->ops;
#endif
}

static inline const void *compat_driver_mark(const struct iommu_ops *ops)
{
#if defined(HAVE_DOMAIN_OPS_SPLIT) && !defined(HAVE_DOMAIN_OWNER)
	return ops->default_domain_ops;
#else
	return ops;
#endif
}

/* Before v6.8 the core does not check this. @dev must have an IOMMU. */
static inline bool compat_domain_fits_driver(const struct iommu_domain *domain, struct device *dev)
{
	return compat_domain_mark(domain) == compat_driver_mark(compat_dev_iommu(dev)->ops);
}

/* Dirty tracking came in v6.7. */
static inline bool compat_domain_tracks_dirty(const struct iommu_domain *domain)
{
#ifdef HAVE_CAP_DIRTY_TRACKING
	return domain->dirty_ops;
#else
	return false;
#endif
}

static inline bool compat_dirty_tracking_differs(const struct iommu_domain *domain, struct device *dev)
{
#ifdef HAVE_CAP_DIRTY_TRACKING
	return compat_domain_tracks_dirty(domain) && !device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING);
#else
	return false;
#endif
}

/* Returns an unmanaged paging domain or an ERR_PTR(), never NULL. */
static inline struct iommu_domain *compat_paging_domain_alloc(struct device *dev)
{
#ifdef HAVE_IOMMU_PAGING_DOMAIN_ALLOC
	return iommu_paging_domain_alloc(dev);
#else
	struct iommu_domain *domain = iommu_domain_alloc(dev->bus);

	return domain ? domain : ERR_PTR(-EIO);
#endif
}

/* Before v6.3, memory for page tables is charged to no memory cgroup. */
static inline int compat_iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr, size_t size,
				   int prot, gfp_t gfp)
{
#ifdef HAVE_IOMMU_MAP_GFP
	return iommu_map(domain, iova, paddr, size, prot, gfp);
#else
	return iommu_map(domain, iova, paddr, size, prot);
#endif
}

#ifndef HAVE_IOMMU_GROUP_HAS_ISOLATED_MSI
static inline int compat_device_remaps_interrupts(struct device *dev, void *unused)
{
#ifdef HAVE_DEVICE_IOMMU_CAPABLE
	return device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
#else
	return iommu_capable(dev->bus, IOMMU_CAP_INTR_REMAP);
#endif
}
#endif

static inline bool compat_group_has_isolated_msi(struct iommu_group *group)
{
#ifdef HAVE_IOMMU_GROUP_HAS_ISOLATED_MSI
	return iommu_group_has_isolated_msi(group);
#else
	return irq_domain_check_msi_remap() || iommu_group_for_each_dev(group, NULL, compat_device_remaps_interrupts);
#endif
}

#ifndef HAVE_ENFORCE_CACHE_COHERENCY
static inline int compat_bus_enforces_coherency(struct device *dev, void *unused)
{
	return iommu_capable(dev->bus, IOMMU_CAP_CACHE_COHERENCY);
}
#endif

/**
 * compat_enforce_cache_coherency() - make all DMA through @domain snoop caches
 * @domain: a domain without mappings, to which @group has just been attached
 * @group: the group; its mutex is not held
 *
 * Before v5.19 a bus capability shows whether IOMMU_CACHE enforces it.
 *
 * Return: true if no-snoop transactions cannot bypass the caches from now on.
 */
static inline bool compat_enforce_cache_coherency(struct iommu_domain *domain, struct iommu_group *group)
{
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	return domain->ops->enforce_cache_coherency && domain->ops->enforce_cache_coherency(domain);
#else
	return iommu_group_for_each_dev(group, NULL, compat_bus_enforces_coherency);
#endif
}

/* @enforced: result of compat_enforce_cache_coherency(). */
static inline int compat_cache_prot(bool enforced)
{
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	return IOMMU_CACHE;
#else
	return enforced ? IOMMU_CACHE : 0;
#endif
}

/*
 * Since v6.2 KVM assumes that the domain of a capable device enforces
 * coherency. Before, KVM checks the container (VFIO_DMA_CC_IOMMU).
 */
static inline bool compat_kvm_trusts_device_coherency(void)
{
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
	return true;
#else
	return false;
#endif
}

/* Only meaningful where compat_kvm_trusts_device_coherency(). */
static inline bool compat_device_can_enforce_coherency(struct device *dev)
{
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
	return device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
#else
	return false;
#endif
}

#endif
