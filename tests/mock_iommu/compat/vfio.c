// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO devices that can be opened and closed: enough for /dev/vfio/N to exist and a container to keep its groups.
 * VFIO devices are objects that a driver embeds since v5.19; before, a driver handed its own data over.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/vfio.h>

#include "since.h"
#include "vfio.h"

#ifdef HAVE_VFIO_DRIVER_OPS_PUBLIC

static int open_op(void *data)
{
	return 0;
}

static void close_op(void *data)
{
}

static const struct vfio_device_ops vfio_ops = {
	.name = "mock_iommu",
	.open = open_op,
	.release = close_op,
};

int mock_vfio_add(struct device *dev)
{
	return vfio_add_group_dev(dev, &vfio_ops, dev);
}

#else

struct mock_vfio {
	struct vfio_device vdev;
};

static int init_op(struct vfio_device *vdev)
{
	return 0;
}

static void release_op(struct vfio_device *vdev)
{
#if !MOCK_CORE_FREES_VFIO
	vfio_free_device(vdev);
#endif
}

static int open_op(struct vfio_device *vdev)
{
	return 0;
}

static void close_op(struct vfio_device *vdev)
{
}

static const struct vfio_device_ops vfio_ops = {
	.name = "mock_iommu",
	.init = init_op,
	.release = release_op,
	.open_device = open_op,
	.close_device = close_op,
#if MOCK_MANY_DRIVERS
	/* The core insists on these where it has iommufd; without it they are NULL. */
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

int mock_vfio_add(struct device *dev)
{
	struct mock_vfio *mock = vfio_alloc_device(mock_vfio, vdev, dev, &vfio_ops);
	int ret;

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	ret = vfio_register_group_dev(&mock->vdev);
	if (ret)
		vfio_put_device(&mock->vdev);
	return ret;
}

#endif
