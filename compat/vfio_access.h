/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access by in-kernel users: drivers of devices that do their DMA by the CPU.
 * struct compat_pin_list and struct compat_unmap_listeners hide the history:
 * until v5.19 users pass an array of page numbers, get frame numbers, and are
 * notified of unmapping by a notifier chain. Since v6.0 they pass the first
 * IOVA, get struct pages, and are notified by dma_unmap() of the device;
 * unpinning has no result. v5.11 added group_iommu_domain().
 */
#ifndef COMPAT_VFIO_ACCESS_H
#define COMPAT_VFIO_ACCESS_H

#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/overflow.h>
#include <linux/vfio.h>

#include <compat/generated/probes.h>

#ifdef HAVE_VFIO_DRIVER_OPS_PUBLIC

/* I/O virtual page numbers and their frames. @frames is NULL to unpin. */
struct compat_pin_list {
	const unsigned long *user_pfns;
	unsigned long *frames;
};

static inline int compat_pin_list_check(const struct compat_pin_list *list, int npages)
{
	return npages > 0 ? 0 : -EINVAL;
}

static inline u64 compat_pin_iova(const struct compat_pin_list *list, int i)
{
	return (u64)list->user_pfns[i] << PAGE_SHIFT;
}

/* Device memory has frame numbers, too. */
static inline bool compat_pin_list_takes(unsigned long pfn)
{
	return true;
}

static inline void compat_pin_answer(const struct compat_pin_list *list, int i, unsigned long pfn)
{
	list->frames[i] = pfn;
}

static inline void compat_pin_no_answer(const struct compat_pin_list *list, int i)
{
	list->frames[i] = 0;
}

/* @events: the supported ones are cleared; unused when removing. */
struct compat_unmap_listener {
	unsigned long *events;
	struct notifier_block *nb;
};

/* The lock of the chain is held while listeners are called. */
struct compat_unmap_listeners {
	struct blocking_notifier_head chain;
};

static inline void compat_unmap_listeners_init(struct compat_unmap_listeners *listeners)
{
	BLOCKING_INIT_NOTIFIER_HEAD(&listeners->chain);
}

static inline int compat_unmap_listeners_add(struct compat_unmap_listeners *listeners,
					     const struct compat_unmap_listener *listener)
{
	*listener->events &= ~VFIO_IOMMU_NOTIFY_DMA_UNMAP;
	if (*listener->events)
		return -EINVAL;
	return blocking_notifier_chain_register(&listeners->chain, listener->nb);
}

static inline int compat_unmap_listeners_remove(struct compat_unmap_listeners *listeners,
						const struct compat_unmap_listener *listener)
{
	return blocking_notifier_chain_unregister(&listeners->chain, listener->nb);
}

static inline bool compat_unmap_listeners_empty(struct compat_unmap_listeners *listeners)
{
	return !READ_ONCE(listeners->chain.head);
}

/* Called before an unmap: listeners unpin their pages in the range. */
static inline void compat_unmap_listeners_tell(struct compat_unmap_listeners *listeners, u64 iova, u64 bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .iova = iova, .size = bytes };

	blocking_notifier_call_chain(&listeners->chain, VFIO_IOMMU_NOTIFY_DMA_UNMAP, &unmap);
}

#define COMPAT_VFIO_DEFINE_ACCESS_OPS(pin, unpin, add_listener, remove_listener)			\
static int access_op_pin_pages(void *data, struct iommu_group *group, unsigned long *user_pfns,	\
			       int npages, int prot, unsigned long *frames)				\
{													\
	const struct compat_pin_list list = { .user_pfns = user_pfns, .frames = frames };		\
													\
	return user_pfns && frames ? pin(data, group, &list, npages, prot) : -EINVAL;			\
}													\
													\
static int access_op_unpin_pages(void *data, unsigned long *user_pfns, int npages)			\
{													\
	const struct compat_pin_list list = { .user_pfns = user_pfns };				\
	int done = user_pfns ? unpin(data, &list, npages) : -EINVAL;					\
													\
	return done ? done : -EINVAL;									\
}													\
													\
static int access_op_register_notifier(void *data, unsigned long *events, struct notifier_block *nb)	\
{													\
	const struct compat_unmap_listener listener = { .events = events, .nb = nb };			\
													\
	return add_listener(data, &listener);								\
}													\
													\
static int access_op_unregister_notifier(void *data, struct notifier_block *nb)			\
{													\
	const struct compat_unmap_listener listener = { .nb = nb };					\
													\
	return remove_listener(data, &listener);							\
}

#ifdef HAVE_VFIO_GROUP_IOMMU_DOMAIN
#define COMPAT_VFIO_GROUP_DOMAIN_OP(op)	.group_iommu_domain = op,
#else
#define COMPAT_VFIO_GROUP_DOMAIN_OP(op)
#endif

#define COMPAT_VFIO_ACCESS_OPS(group_domain)				\
	COMPAT_VFIO_GROUP_DOMAIN_OP(group_domain)			\
	.pin_pages = access_op_pin_pages,				\
	.unpin_pages = access_op_unpin_pages,				\
	.register_notifier = access_op_register_notifier,		\
	.unregister_notifier = access_op_unregister_notifier

#else

/* Consecutive pages from @iova on. @pages is NULL to unpin. */
struct compat_pin_list {
	dma_addr_t iova;
	struct page **pages;
};

static inline int compat_pin_list_check(const struct compat_pin_list *list, int npages)
{
	dma_addr_t bytes, last;

	if (npages <= 0)
		return -EINVAL;
	if (check_mul_overflow((dma_addr_t)npages, (dma_addr_t)PAGE_SIZE, &bytes) ||
	    check_add_overflow(list->iova, bytes - 1, &last))
		return -EOVERFLOW;
	return 0;
}

static inline u64 compat_pin_iova(const struct compat_pin_list *list, int i)
{
	return list->iova + (u64)i * PAGE_SIZE;
}

/* Device memory need not have a struct page. */
static inline bool compat_pin_list_takes(unsigned long pfn)
{
	return pfn_valid(pfn);
}

static inline void compat_pin_answer(const struct compat_pin_list *list, int i, unsigned long pfn)
{
	list->pages[i] = pfn_to_page(pfn);
}

static inline void compat_pin_no_answer(const struct compat_pin_list *list, int i)
{
	list->pages[i] = NULL;
}

struct compat_unmap_listener {
	struct vfio_device *vdev;
};

/* @lock guards @devices and is held while listeners are called. */
struct compat_unmap_listeners {
	struct mutex lock;
	struct list_head devices;
};

static inline void compat_unmap_listeners_init(struct compat_unmap_listeners *listeners)
{
	mutex_init(&listeners->lock);
	INIT_LIST_HEAD(&listeners->devices);
}

static inline int compat_unmap_listeners_add(struct compat_unmap_listeners *listeners,
					     const struct compat_unmap_listener *listener)
{
	if (!listener->vdev->ops->dma_unmap)
		return 0;
	mutex_lock(&listeners->lock);
	list_add_tail(&listener->vdev->iommu_entry, &listeners->devices);
	mutex_unlock(&listeners->lock);
	return 0;
}

static inline int compat_unmap_listeners_remove(struct compat_unmap_listeners *listeners,
						const struct compat_unmap_listener *listener)
{
	if (!listener->vdev->ops->dma_unmap)
		return 0;
	mutex_lock(&listeners->lock);
	list_del(&listener->vdev->iommu_entry);
	mutex_unlock(&listeners->lock);
	return 0;
}

static inline bool compat_unmap_listeners_empty(struct compat_unmap_listeners *listeners)
{
	return list_empty_careful(&listeners->devices);
}

/* Called before an unmap: listeners unpin their pages in the range. */
static inline void compat_unmap_listeners_tell(struct compat_unmap_listeners *listeners, u64 iova, u64 bytes)
{
	struct vfio_device *vdev;

	mutex_lock(&listeners->lock);
	list_for_each_entry(vdev, &listeners->devices, iommu_entry)
		vdev->ops->dma_unmap(vdev, iova, bytes);
	mutex_unlock(&listeners->lock);
}

#define COMPAT_VFIO_DEFINE_ACCESS_OPS(pin, unpin, add_listener, remove_listener)			\
static int access_op_pin_pages(void *data, struct iommu_group *group, dma_addr_t iova, int npages,	\
			       int prot, struct page **pages)						\
{													\
	const struct compat_pin_list list = { .iova = iova, .pages = pages };				\
													\
	return pages ? pin(data, group, &list, npages, prot) : -EINVAL;				\
}													\
													\
static void access_op_unpin_pages(void *data, dma_addr_t iova, int npages)				\
{													\
	const struct compat_pin_list list = { .iova = iova };						\
													\
	unpin(data, &list, npages);									\
}													\
													\
static void access_op_register_device(void *data, struct vfio_device *vdev)				\
{													\
	const struct compat_unmap_listener listener = { .vdev = vdev };				\
													\
	add_listener(data, &listener);									\
}													\
													\
static void access_op_unregister_device(void *data, struct vfio_device *vdev)				\
{													\
	const struct compat_unmap_listener listener = { .vdev = vdev };				\
													\
	remove_listener(data, &listener);								\
}

#define COMPAT_VFIO_ACCESS_OPS(group_domain)				\
	.pin_pages = access_op_pin_pages,				\
	.unpin_pages = access_op_unpin_pages,				\
	.register_device = access_op_register_device,			\
	.unregister_device = access_op_unregister_device,		\
	.group_iommu_domain = (group_domain)

#endif

#endif
