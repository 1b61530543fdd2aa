/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the mock's devices live, and how the core learns of its IOMMUs. */
#ifndef MOCK_BUS_H
#define MOCK_BUS_H

struct device;
struct fwnode_handle;
struct iommu_device;

/* All return 0 or a negative errno. */
int mock_bus_add_instance(struct iommu_device *iommu, struct device *parent, struct fwnode_handle *fwnode);
int mock_bus_register(void);	/* after the instances, before the devices */

/* @dev is set before the IOMMU is asked for it. */
int mock_bus_add_device(unsigned int id, struct fwnode_handle *iommu, struct device **dev);

/* Number of the mock's device, or a negative errno for any other device. */
int mock_bus_device_id(struct device *dev);

#endif
