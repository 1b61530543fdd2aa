// SPDX-License-Identifier: GPL-2.0-only
/*
 * Old cores have one IOMMU driver a bus, and let a module choose the bus: a private one keeps clear of a real
 * IOMMU. Newer ones have a list of buses, of which the platform bus takes devices from anyone; and at last several
 * drivers side by side, of which a device names its own.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>

#include <compat/generated/probes.h>

#include "bus.h"
#include "ops.h"
#include "vfio.h"

#define MOCK_DEVICE_NAME	"mock"

#ifndef HAVE_BUS_SET_IOMMU

static int mock_probe(struct platform_device *pdev)
{
	return mock_vfio_add(&pdev->dev);
}

/* A device of a group that VFIO is to own has to be bound to a driver that says so. */
static struct platform_driver mock_driver = {
	.probe = mock_probe,
	.driver = {
		.name = MOCK_DEVICE_NAME,
		.suppress_bind_attrs = true,
	},
	.driver_managed_dma = true,
};

int mock_bus_register(void)
{
	return platform_driver_register(&mock_driver);
}

int mock_bus_add_instance(struct iommu_device *iommu, struct device *parent, struct fwnode_handle *fwnode)
{
	return iommu_device_register(iommu, &mock_ops, parent);
}

static bool is_ours(struct device *dev)
{
	return dev->bus == &platform_bus_type && !strcmp(to_platform_device(dev)->name, MOCK_DEVICE_NAME);
}

static int add(struct platform_device *pdev, struct fwnode_handle *iommu)
{
#ifndef HAVE_BUS_IOMMU_OPS
#ifdef HAVE_IOMMU_FWSPEC_INIT_OPS
	int ret = iommu_fwspec_init(&pdev->dev, iommu, &mock_ops);
#else
	int ret = iommu_fwspec_init(&pdev->dev, iommu);
#endif

	if (ret)
		return ret;
#endif
	return platform_device_add(pdev);
}

#else

static int mock_probe(struct device *dev)
{
	return mock_vfio_add(dev);
}

/* Without a match function every device on it is bound to its only driver. */
static struct bus_type mock_bus = { .name = "mock_iommu_devices" };

static struct device_driver mock_driver = {
	.name = MOCK_DEVICE_NAME,
	.bus = &mock_bus,
	.owner = THIS_MODULE,
	.probe = mock_probe,
	.suppress_bind_attrs = true,
};

int mock_bus_register(void)
{
	int ret = bus_register(&mock_bus);

	if (!ret)
		ret = bus_set_iommu(&mock_bus, &mock_ops);
	return ret ?: driver_register(&mock_driver);
}

int mock_bus_add_instance(struct iommu_device *iommu, struct device *parent, struct fwnode_handle *fwnode)
{
#ifdef HAVE_IOMMU_DEVICE_REGISTER_OPS
	return iommu_device_register(iommu, &mock_ops, parent);
#else
	iommu_device_set_ops(iommu, &mock_ops);
	iommu_device_set_fwnode(iommu, fwnode);
	return iommu_device_register(iommu);
#endif
}

static bool is_ours(struct device *dev)
{
	return dev->bus == &mock_bus;
}

static int add(struct platform_device *pdev, struct fwnode_handle *iommu)
{
	pdev->dev.bus = &mock_bus;
	dev_set_name(&pdev->dev, "%s.%d", pdev->name, pdev->id);
	return device_add(&pdev->dev);
}

#endif

int mock_bus_device_id(struct device *dev)
{
	return is_ours(dev) ? to_platform_device(dev)->id : -ENODEV;
}

int mock_bus_add_device(unsigned int id, struct fwnode_handle *iommu, struct device **dev)
{
	struct platform_device *pdev = platform_device_alloc(MOCK_DEVICE_NAME, id);

	if (!pdev)
		return -ENOMEM;
	*dev = &pdev->dev;
	return add(pdev, iommu);
}
