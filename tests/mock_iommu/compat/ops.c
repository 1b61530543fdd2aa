// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver operations of the running kernel, made from the mock's functions.
 *
 * Domains got operations of their own in v5.18.  Later the core took over what the home of a group is: static
 * domains for identity and blocked, paging domains allocated for a device; before, it asks the driver for one of
 * each type.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include <compat/iommu.h>

#include "../mock_iommu.h"
#include "ops.h"

/* Defines an attach callback that calls attach(domain, dev). */
#ifdef HAVE_ATTACH_DEV_OLD_DOMAIN
#define ATTACH_OP(op, attach)									\
	static int op(struct iommu_domain *domain, struct device *dev, struct iommu_domain *old)	\
	{											\
		return attach(domain, dev);							\
	}
#else
#define ATTACH_OP(op, attach)									\
	static int op(struct iommu_domain *domain, struct device *dev)				\
	{											\
		return attach(domain, dev);							\
	}
#endif

ATTACH_OP(attach_op, mock_domain_attach)

static phys_addr_t iova_to_phys_op(struct iommu_domain *domain, dma_addr_t iova)
{
	return mock_domain_find(domain, iova);
}

static void free_op(struct iommu_domain *domain)
{
#ifdef HAVE_IOMMU_PUT_DMA_COOKIE
	iommu_put_dma_cookie(domain);
#endif
	mock_domain_free(domain);
}

/* --- capabilities --- */

#ifdef HAVE_DEVICE_IOMMU_CAPABLE
static bool capable_op(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
#ifdef HAVE_CAP_ENFORCE_CACHE_COHERENCY
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return mock_device_of(dev)->instance->coherent;
#endif
#ifdef HAVE_CAP_DIRTY_TRACKING
	case IOMMU_CAP_DIRTY_TRACKING:
		return mock_device_of(dev)->instance->dirty;
#endif
	default:
		return false;
	}
}
#else
static bool all_are_coherent(void)
{
	unsigned int i;

	for (i = 0; i < mock_nr_instances; i++)
		if (!mock_instances[i].coherent)
			return false;
	return true;
}

/* The capability was the bus's and meant that coherency can be enforced. */
static bool capable_op(enum iommu_cap cap)
{
	return cap == IOMMU_CAP_CACHE_COHERENCY && all_are_coherent();
}
#endif

/* --- devices --- */

static void release_op(struct device *dev)
{
}

static int def_domain_type_op(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

static struct iommu_resv_region *region_of(const struct mock_reserved *reserved)
{
	const size_t bytes = reserved->last - reserved->first + 1;

#ifdef HAVE_RESV_REGION_GFP
	return iommu_alloc_resv_region(reserved->first, bytes, IOMMU_READ | IOMMU_WRITE, reserved->type, GFP_KERNEL);
#else
	return iommu_alloc_resv_region(reserved->first, bytes, IOMMU_READ | IOMMU_WRITE, reserved->type);
#endif
}

static void get_resv_regions_op(struct device *dev, struct list_head *head)
{
	const struct mock_instance *instance = mock_device_of(dev)->instance;
	struct iommu_resv_region *region;
	unsigned int i;

	for (i = 0; i < instance->nr_reserved; i++) {
		region = region_of(&instance->reserved[i]);
		if (region)
			list_add_tail(&region->list, head);
	}
}

/* --- home of a group, and where domains come from --- */

#ifdef HAVE_IOMMU_PAGING_DOMAIN_ALLOC

static int attach_identity(struct iommu_domain *domain, struct device *dev)
{
	return mock_place_attach(MOCK_IDENTITY, dev);
}

static int attach_blocked(struct iommu_domain *domain, struct device *dev)
{
	return mock_place_attach(MOCK_BLOCKED, dev);
}

ATTACH_OP(identity_op, attach_identity)
ATTACH_OP(blocked_op, attach_blocked)

static const struct iommu_domain_ops identity_ops = { .attach_dev = identity_op };
static const struct iommu_domain_ops blocked_ops = { .attach_dev = blocked_op };

static struct iommu_domain identity_domain = { .type = IOMMU_DOMAIN_IDENTITY, .ops = &identity_ops };
static struct iommu_domain blocked_domain = { .type = IOMMU_DOMAIN_BLOCKED, .ops = &blocked_ops };

static struct iommu_domain *alloc_op(struct device *dev)
{
	return mock_domain_alloc(dev, IOMMU_DOMAIN_UNMANAGED);
}

#define HOME_OPS						\
	.identity_domain = &identity_domain,			\
	.blocked_domain = &blocked_domain,			\
	.domain_alloc_paging = alloc_op

#else

static struct iommu_domain *alloc_op(unsigned int type)
{
	struct iommu_domain *domain = mock_domain_alloc(NULL, type);

	return IS_ERR(domain) ? NULL : domain;
}

/* The core copies the page sizes into each domain; the first attach narrows them. */
#define HOME_OPS						\
	.domain_alloc = alloc_op,				\
	.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G

#endif

/* --- all of it --- */

#ifdef HAVE_DOMAIN_OPS_SPLIT

static int map_op(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t pgsize, size_t count,
		  int prot, gfp_t gfp, size_t *mapped)
{
	int ret = mock_domain_map(domain, iova, phys, pgsize * count, prot, gfp);

	*mapped = ret ? 0 : pgsize * count;
	return ret;
}

static size_t unmap_op(struct iommu_domain *domain, unsigned long iova, size_t pgsize, size_t count,
		       struct iommu_iotlb_gather *gather)
{
	return mock_domain_unmap(domain, iova, pgsize * count);
}

static bool enforce_op(struct iommu_domain *domain)
{
	return mock_domain_enforce(domain);
}

static const struct iommu_domain_ops domain_ops = {
	.attach_dev = attach_op,
	.map_pages = map_op,
	.unmap_pages = unmap_op,
	.iova_to_phys = iova_to_phys_op,
#ifdef HAVE_ENFORCE_CACHE_COHERENCY
	.enforce_cache_coherency = enforce_op,
#endif
	.free = free_op,
};

#define DOMAIN_OPS	.default_domain_ops = &domain_ops

#else

static int map_op(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t bytes, int prot,
		  gfp_t gfp)
{
	return mock_domain_map(domain, iova, phys, bytes, prot, gfp);
}

static size_t unmap_op(struct iommu_domain *domain, unsigned long iova, size_t bytes,
		       struct iommu_iotlb_gather *gather)
{
	return mock_domain_unmap(domain, iova, bytes);
}

#define DOMAIN_OPS						\
	.attach_dev = attach_op,				\
	.map = map_op,						\
	.unmap = unmap_op,					\
	.iova_to_phys = iova_to_phys_op,			\
	.domain_free = free_op

#endif

struct iommu_ops mock_ops = {
	.owner = THIS_MODULE,
	.capable = capable_op,
	.probe_device = mock_probe_device,
	.release_device = release_op,
	.device_group = mock_device_group,
	.def_domain_type = def_domain_type_op,
	.get_resv_regions = get_resv_regions_op,
#ifndef HAVE_RESV_REGION_GFP
	.put_resv_regions = generic_iommu_put_resv_regions,
#endif
	HOME_OPS,
	DOMAIN_OPS,
};

/* --- how a domain looks from outside --- */

#if defined(HAVE_DOMAIN_OWNER)
static struct iommu_ops other_driver;
#define DRIVER_OF(domain)	((domain)->owner)
#define OUR_DRIVER		(&mock_ops)
#elif defined(HAVE_DOMAIN_OPS_SPLIT)
static struct iommu_domain_ops other_driver;
#define DRIVER_OF(domain)	((domain)->ops)
#define OUR_DRIVER		(&domain_ops)
#else
static struct iommu_ops other_driver;
#define DRIVER_OF(domain)	((domain)->ops)
#define OUR_DRIVER		(&mock_ops)
#endif

/* The other driver does as ours, so that nothing bad comes of it if the domain is attached after all. */
void mock_ops_disguise(struct iommu_domain *domain, bool foreign)
{
	other_driver = *OUR_DRIVER;
	DRIVER_OF(domain) = foreign ? &other_driver : OUR_DRIVER;
}

void mock_ops_track_dirty(struct iommu_domain *domain)
{
#ifdef HAVE_CAP_DIRTY_TRACKING
	static const struct iommu_dirty_ops none;

	domain->dirty_ops = &none;
#endif
}
