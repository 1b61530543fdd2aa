/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/iommu.h> as of the newest kernel, on older ones.
 *
 * History that matters here: domains got operations of their own in v5.18; a device's DMA has an owner since
 * v5.19; coherency is enforced through a domain operation since v5.19 and can be asked of a device since v6.2;
 * attach errnos are documented since v6.2; no driver detaches devices since v6.3; a domain is allocated for a device
 * since v6.11.
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
 * Which errnos do IOMMU drivers use to say that domain and device are incompatible: each its own,
 * or the documented -EINVAL?  "iommu: Add return value rules to attach_dev op and APIs" (v6.2,
 * February 2023) is a comment, and the patches around it changed the bodies of drivers, so that no
 * probe can see them.  What came beside them can be seen: in the same release a capability, and in
 * the next one an operation fewer in every driver, so that none from before is left.
 *
 * Where the two do not agree, drivers of both kinds are taken to be there; that is safe, because
 * then an errno is an error only if both say so.  It is so with v6.2.  The kernels of RHEL 9 were
 * read: up to 9.2 both say "before", from 9.3 on "after", and so do the drivers.  What would not be
 * seen is a kernel that took the changed drivers and neither of the two: there a real error would be
 * made of -EINVAL, and a group refused that needs a domain of its own.  None is known.
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

/**
 * compat_core_undoes_failed_attach() - does iommu_attach_group() certainly put a refused group back?
 *
 * Behaviour, not an interface: v5.10 leaves the devices before the refusing one on the refused
 * domain, and so do v6.1 to v6.1.16 and v6.2 to v6.2.3; v6.3 and the later stable releases
 * re-attach all of them.  What the core shows of a group is the same either way, and distributions
 * back-port what they like.  But every core whose domains have an owner came long after, and every
 * other one lets a group be put back twice.
 */
static inline bool compat_core_undoes_failed_attach(void)
{
#ifdef HAVE_DOMAIN_OWNER
	return true;
#else
	return false;
#endif
}

/* Does DMA have an owner (since v5.19)?  A group that it owns sits in a blocking domain. */
static inline bool compat_dma_has_owner(void)
{
#ifdef HAVE_IOMMU_GROUP_CLAIM_DMA_OWNER
	return true;
#else
	return false;
#endif
}

/**
 * compat_core_refuses_attached_group() - does iommu_attach_group() always say -EBUSY to a group that is attached?
 *
 * v5.10 attaches a group twice where it has no default domain; since DMA has owners the core looks
 * before it calls the driver.
 */
static inline bool compat_core_refuses_attached_group(void)
{
	return compat_dma_has_owner();
}

/* The IOMMU instance that translates @dev, or NULL. */
static inline struct iommu_device *compat_dev_iommu(struct device *dev)
{
	return dev->iommu ? dev->iommu->iommu_dev : NULL;
}

/* The name of an IOMMU instance in /sys/class/iommu, or "-". */
static inline const char *compat_iommu_name(const struct iommu_device *instance)
{
	return instance && instance->dev ? dev_name(instance->dev) : "-";
}

/**
 * compat_domain_is_taken() - is @domain, which the group of a device is attached to now, somebody's own?
 *
 * Where DMA has owners, the blocking domain of a claimed group may look the same from outside, and
 * the core tells by itself.
 */
static inline bool compat_domain_is_taken(const struct iommu_domain *domain)
{
	return !compat_dma_has_owner() && domain && domain->type == IOMMU_DOMAIN_UNMANAGED;
}

/* What shows whose domain @domain is: compares equal to compat_driver_mark() of the IOMMU driver that made it. */
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

/**
 * compat_domain_fits_driver() - does @domain belong to the IOMMU driver of @dev?
 *
 * The core compares owners itself since v6.8; before, it hands the foreign domain to the driver,
 * which takes it for its own.
 */
static inline bool compat_domain_fits_driver(const struct iommu_domain *domain, struct device *dev)
{
	return compat_domain_mark(domain) == compat_driver_mark(compat_dev_iommu(dev)->ops);
}

/* May an attach be refused because @domain tracks dirty pages?  Never before v6.7. */
static inline bool compat_domain_tracks_dirty(const struct iommu_domain *domain)
{
#ifdef HAVE_CAP_DIRTY_TRACKING
	return domain->dirty_ops;
#else
	return false;
#endif
}

/* May @dev be refused because @domain tracks dirty pages and the IOMMU of @dev cannot? */
static inline bool compat_dirty_tracking_differs(const struct iommu_domain *domain, struct device *dev)
{
#ifdef HAVE_CAP_DIRTY_TRACKING
	return compat_domain_tracks_dirty(domain) && !device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING);
#else
	return false;
#endif
}

/* Allocates an unmanaged paging domain that suits @dev.  Returns it or an ERR_PTR(), never NULL. */
static inline struct iommu_domain *compat_paging_domain_alloc(struct device *dev)
{
#ifdef HAVE_IOMMU_PAGING_DOMAIN_ALLOC
	return iommu_paging_domain_alloc(dev);
#else
	struct iommu_domain *domain = iommu_domain_alloc(dev->bus);

	return domain ? domain : ERR_PTR(-EIO);
#endif
}

/* Before iommu_map() could be told, it took memory for page tables that nobody was charged for. */
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

/* Are the MSIs of the devices in @group isolated from other devices'? */
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
 * compat_enforce_cache_coherency() - make all DMA through @domain snoop the caches
 * @domain: a domain without mappings, to which @group has just been attached
 * @group: the group; its mutex is not held
 *
 * Before v5.19 there is nothing to call: the bus tells whether IOMMU_CACHE in a mapping enforces coherency.
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

/* The protection bit for coherent mappings in a domain for which compat_enforce_cache_coherency() said @enforced. */
static inline int compat_cache_prot(bool enforced)
{
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	return IOMMU_CACHE;
#else
	return enforced ? IOMMU_CACHE : 0;
#endif
}

/**
 * compat_kvm_trusts_device_coherency() - does KVM derive coherency from the devices instead of the container?
 *
 * Since IOMMU_CAP_ENFORCE_CACHE_COHERENCY exists (v6.2), KVM asks the device and takes for granted that a capable one
 * sits in an enforcing domain.  Before, KVM asks the container (VFIO_DMA_CC_IOMMU).
 */
static inline bool compat_kvm_trusts_device_coherency(void)
{
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
	return true;
#else
	return false;
#endif
}

/* Can the DMA of @dev be made coherent?  Only meaningful where compat_kvm_trusts_device_coherency(). */
static inline bool compat_device_can_enforce_coherency(struct device *dev)
{
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
	return device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
#else
	return false;
#endif
}

#endif
