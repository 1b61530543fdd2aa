/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/vfio.h>: the contract between the VFIO core and an IOMMU driver.
 *
 * The operations were public until v5.15 and are private to drivers/vfio since v5.16, so that an IOMMU driver outside
 * the tree has to declare them.  Member order, sizes and argument types were read from the BTF of the vfio.ko of
 * v6.1 and v6.12 to v7.3.  v5.16 to v5.19 have the same offsets with other argument types; they are refused below.
 */
#ifndef COMPAT_VFIO_H
#define COMPAT_VFIO_H

#include <linux/iommu.h>
#include <linux/vfio.h>

#include <compat/generated/probes.h>

#ifdef HAVE_VFIO_DRIVER_OPS_PUBLIC

/*
 * An mdev is the only kind of device without an IOMMU that these kernels hand to an IOMMU driver.
 * Its driver may have named another device, whose IOMMU is to translate for it (until v5.15).
 * Where the function that tells is no inline one, symbol_get() does not find it, because it is
 * exported to every licence, so it is linked. Either way ours depends on mdev.ko.
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

/* Whether devices of a group without an IOMMU of its own rely on the IOMMU of another device. */
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
	VFIO_EMULATED_IOMMU,	/* a device whose driver makes its DMA through the CPU */
	VFIO_NO_IOMMU,		/* never reaches an IOMMU driver */
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
	/* Gone in v6.3, but v6.1 calls what stands here if it is not NULL; a longer object than needed is harmless. */
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
		/* Has no IOMMU and no driver's promise instead of one; the core keeps it to itself. */ \
		if (type == VFIO_NO_IOMMU)						\
			return -EINVAL;							\
		return attach(data, group, type == VFIO_EMULATED_IOMMU);		\
	}

/* The core tells what has an IOMMU. */
static inline bool compat_emulated_group_has_iommu(struct iommu_group *group)
{
	return false;
}

#endif

/* User-space ABI that this driver offers on every kernel: v5.12 brought these. */
#ifndef VFIO_UNMAP_ALL
#define VFIO_UNMAP_ALL			9
#define VFIO_UPDATE_VADDR		10
#define VFIO_DMA_MAP_FLAG_VADDR		(1 << 2)
#define VFIO_DMA_UNMAP_FLAG_ALL		(1 << 1)
#define VFIO_DMA_UNMAP_FLAG_VADDR	(1 << 2)
#endif

#endif
