/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO devices of the test modules, which embed a struct vfio_device as their first member, on each kernel since v5.13. */
#ifndef TESTS_VFIO_DEVICE_H
#define TESTS_VFIO_DEVICE_H

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include <compat/generated/probes.h>

#ifndef HAVE_VFIO_ADD_GROUP_DEV

/**
 * tests_vfio_alloc() - allocate the object of a device
 * @bytes: its size
 * @dev: the device
 * @ops: its operations; they begin with TESTS_VFIO_OPS
 * Return: the zeroed object's VFIO device, or an ERR_PTR().
 */
static inline struct vfio_device *tests_vfio_alloc(size_t bytes, struct device *dev, const struct vfio_device_ops *ops)
{
#ifdef HAVE_VFIO_ALLOC_DEVICE
	return _vfio_alloc_device(bytes, dev, ops);
#else
	struct vfio_device *vdev = kzalloc(bytes, GFP_KERNEL);

	if (!vdev)
		return ERR_PTR(-ENOMEM);
	vfio_init_group_dev(vdev, dev, ops);
	return vdev;
#endif
}

/* Frees the object of a device that is not registered. */
static inline void tests_vfio_put(struct vfio_device *vdev)
{
#ifdef HAVE_VFIO_ALLOC_DEVICE
	vfio_put_device(vdev);
#else
	vfio_uninit_group_dev(vdev);
	kfree(vdev);
#endif
}

#if defined(HAVE_VFIO_FREE_DEVICE)
#define TESTS_VFIO_OPS(open_op, close_op)	\
	.release	= vfio_free_device,	\
	.open_device	= open_op,		\
	.close_device	= close_op
#elif defined(HAVE_VFIO_OPEN_DEVICE)
#define TESTS_VFIO_OPS(open_op, close_op)	\
	.open_device	= open_op,		\
	.close_device	= close_op
#else
#define TESTS_VFIO_OPS(open_op, close_op)	\
	.open		= open_op,		\
	.release	= close_op
#endif

#endif

#endif
