// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO devices that can be opened and closed: enough for /dev/vfio/N to exist and a container to keep its groups.
 * A driver embeds a VFIO device in its own object, or before v5.13 hands its own data over.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/vfio.h>

#include <tests/compat/vfio_device.h>

#include "vfio.h"

#ifdef HAVE_VFIO_ADD_GROUP_DEV

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

static int open_op(struct vfio_device *vdev)
{
	return 0;
}

static void close_op(struct vfio_device *vdev)
{
}

static const struct vfio_device_ops vfio_ops = {
	.name = "mock_iommu",
	TESTS_VFIO_OPS(open_op, close_op),
#ifdef HAVE_VFIO_BIND_IOMMUFD
	/* The core insists on these where it has iommufd; without it they are NULL. */
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

int mock_vfio_add(struct device *dev)
{
	struct vfio_device *vdev = tests_vfio_alloc(sizeof(*vdev), dev, &vfio_ops);
	int ret;

	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	ret = vfio_register_group_dev(vdev);
	if (ret)
		tests_vfio_put(vdev);
	return ret;
}

#endif
