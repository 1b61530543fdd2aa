/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between the VFIO core and an IOMMU driver: private to
 * drivers/vfio since v5.16, so declared here. Member order, sizes and argument
 * types are from the BTF of vfio.ko of v6.1 and v6.12 to v7.3. v5.16 to v5.19
 * have other argument types at the same offsets and are refused.
 */
#ifndef COMPAT_VFIO_H
#define COMPAT_VFIO_H

#include <linux/iommu.h>
#include <linux/vfio.h>

#include <compat/generated/probes.h>

#ifdef HAVE_VFIO_DRIVER_OPS_PUBLIC

/*
 * Here only mdevs lack an IOMMU of their own. Until v5.15, the driver of an
 * mdev may name another device whose IOMMU serves it. The function for that is
 * inline, or exported without GPL and so hidden from symbol_get(): call it
 * directly. The module depends on mdev.ko either way.
 */
#if IS_ENABLED(CONFIG_VFIO_MDEV)

#include <linux/uuid.h>
#include <linux/mdev.h>

static inline int compat_is_mdev(struct device *dev, void *unused)
{
	return dev->bus == &mdev_bus_type;
}

static inline int compat_mdev_has_iommu(struct device *dev, void *unused)
{
	if (!compat_is_mdev(dev, unused))
		return 0;
#ifdef HAVE_MDEV_IOMMU_BY_DEVICE
	return mdev_get_iommu_device(dev) != NULL;
#else
	return mdev_get_iommu_device(to_mdev_device(dev)) != NULL;
#endif
}

#else

static inline int compat_is_mdev(struct device *dev, void *unused)
{
	return 0;
}

static inline int compat_mdev_has_iommu(struct device *dev, void *unused)
{
	return 0;
}

#endif

/* Through another device, see above. */
static inline bool compat_emulated_group_has_iommu(struct iommu_group *group)
{
	return iommu_group_for_each_dev(group, NULL, compat_mdev_has_iommu) == 1;
}

#define COMPAT_VFIO_ATTACH_OP(op, attach)						\
	static int op(void *data, struct iommu_group *group)				\
	{										\
		bool emulated = iommu_group_for_each_dev(group, NULL, compat_is_mdev) == 1; \
											\
		return attach(data, group, emulated);					\
	}

#else

#ifndef HAVE_VFIO_PIN_PAGES_IOVA
#error "Linux 5.16 to 5.19 have their own form of the VFIO IOMMU driver interface, which is not supported. Use 5.10 or 6.1 and later."
#endif

enum vfio_group_type {
	VFIO_IOMMU,		/* a device behind an IOMMU */
	VFIO_EMULATED_IOMMU,	/* a device whose driver does DMA by the CPU */
	VFIO_NO_IOMMU,		/* not passed to IOMMU drivers */
};

enum vfio_iommu_notify_type {
	VFIO_IOMMU_CONTAINER_CLOSE,
};

struct vfio_iommu_driver_ops {
	char *name;
	struct module *owner;
	void *(*open)(unsigned long type);
	void (*release)(void *data);
	long (*ioctl)(void *data, unsigned int cmd, unsigned long arg);
	int (*attach_group)(void *data, struct iommu_group *group, enum vfio_group_type type);
	void (*detach_group)(void *data, struct iommu_group *group);
	int (*pin_pages)(void *data, struct iommu_group *group, dma_addr_t iova, int npages, int prot,
			 struct page **pages);
	void (*unpin_pages)(void *data, dma_addr_t iova, int npages);
	void (*register_device)(void *data, struct vfio_device *vdev);
	void (*unregister_device)(void *data, struct vfio_device *vdev);
	int (*dma_rw)(void *data, dma_addr_t iova, void *buf, size_t len, bool write);
	struct iommu_domain *(*group_iommu_domain)(void *data, struct iommu_group *group);
	/* Removed in v6.3, where it is ignored; before, called unless NULL. */
	void (*notify)(void *data, enum vfio_iommu_notify_type event);
};

#ifdef CONFIG_64BIT
static_assert(offsetof(struct vfio_iommu_driver_ops, attach_group) == 40);
static_assert(offsetof(struct vfio_iommu_driver_ops, group_iommu_domain) == 96);
static_assert(sizeof(struct vfio_iommu_driver_ops) == 112);
#endif

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

#define COMPAT_VFIO_ATTACH_OP(op, attach)						\
	static int op(void *data, struct iommu_group *group, enum vfio_group_type type)	\
	{										\
		/* Has no IOMMU; the core does not pass it on. */ \
		if (type == VFIO_NO_IOMMU)						\
			return -EINVAL;							\
		return attach(data, group, type == VFIO_EMULATED_IOMMU);		\
	}

/* The core passes such a group as VFIO_IOMMU. */
static inline bool compat_emulated_group_has_iommu(struct iommu_group *group)
{
	return false;
}

#endif

/* UAPI from v5.12, which this driver offers on every kernel. */
#ifndef VFIO_UNMAP_ALL
#define VFIO_UNMAP_ALL			9
#define VFIO_UPDATE_VADDR		10
#define VFIO_DMA_MAP_FLAG_VADDR		(1 << 2)
#define VFIO_DMA_UNMAP_FLAG_ALL		(1 << 1)
#define VFIO_DMA_UNMAP_FLAG_VADDR	(1 << 2)
#endif

#endif
