// SPDX-License-Identifier: GPL-2.0-only
/* IOMMUs: making them, their capabilities, and the names by which a driver is known. */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/bus.h"
#include "mock_iommu.h"

#define MOCK_CLASS	"mock-iommu"
#define MOCK_DRIVER	"mock_iommu_hardware"
#define MOCK_NAME_SIZE	32

struct mock_instance *mock_instances;
unsigned int mock_nr_instances;

/*
 * The hardware that the IOMMUs' class devices have as parents.  A bus of their own lets their driver have any
 * name, also one that a driver of the kernel has elsewhere; and without a match function every device on it is
 * bound.
 */
static struct bus_type hardware_bus = { .name = "mock_iommu_hardware" };

static char driver_name[MOCK_NAME_SIZE] = MOCK_DRIVER;
static struct device_driver hardware_driver = {
	.name = driver_name,
	.bus = &hardware_bus,
	.owner = THIS_MODULE,
};

static void hardware_release(struct device *dev)
{
	/* Instances stay until the guest ends. */
}

static void set_defaults(struct mock_instance *instance)
{
	instance->coherent = true;
	instance->dirty = false;
	instance->pgsizes = SZ_4K | SZ_2M | SZ_1G;
	instance->first = 0;
	instance->last = (1ULL << 48) - 1;
	instance->nr_reserved = 0;
}

static int add_hardware(struct mock_instance *instance)
{
	instance->fwnode = fwnode_create_software_node(NULL, NULL);
	if (IS_ERR(instance->fwnode))
		return PTR_ERR(instance->fwnode);
	instance->parent.bus = &hardware_bus;
	instance->parent.fwnode = instance->fwnode;
	instance->parent.release = hardware_release;
	dev_set_name(&instance->parent, "mock_iommu_hardware.%u", instance->id);
	return device_register(&instance->parent);
}

static int add_instance(struct mock_instance *instance)
{
	int ret;

	ret = add_hardware(instance);
	if (ret)
		return ret;
	ret = iommu_device_sysfs_add(&instance->iommu, &instance->parent, NULL, MOCK_CLASS "%u", instance->id);
	if (ret)
		return ret;
	return mock_bus_add_instance(&instance->iommu, &instance->parent, instance->fwnode);
}

/* Makes the IOMMUs.  Returns 0 or a negative errno, and then some may exist. */
int mock_instances_add(unsigned int nr)
{
	unsigned int i;
	int ret;

	mock_instances = kcalloc(nr, sizeof(*mock_instances), GFP_KERNEL);
	if (!mock_instances)
		return -ENOMEM;
	ret = bus_register(&hardware_bus);
	if (!ret)
		ret = driver_register(&hardware_driver);
	for (i = 0; !ret && i < nr; i++) {
		mock_instances[i].id = i;
		set_defaults(&mock_instances[i]);
		ret = add_instance(&mock_instances[i]);
		mock_nr_instances += !ret;
	}
	return ret;
}

void mock_instances_reset(void)
{
	unsigned int i;

	for (i = 0; i < mock_nr_instances; i++)
		set_defaults(&mock_instances[i]);
	mock_pose("-", "-");
}

static int name_driver(const char *name)
{
	if (!strcmp(name, driver_name))
		return 0;
	driver_unregister(&hardware_driver);
	strscpy(driver_name, name, sizeof(driver_name));
	return driver_register(&hardware_driver);
}

static int name_class_device(struct mock_instance *instance, const char *prefix, const char *infix)
{
	char name[MOCK_NAME_SIZE];

	/* The infix keeps clear of the names of a real IOMMU beside this one. */
	snprintf(name, sizeof(name), "%s%s%u", prefix, infix, instance->id);
	return strcmp(dev_name(instance->iommu.dev), name) ? device_rename(instance->iommu.dev, name) : 0;
}

/**
 * mock_pose() - look like the IOMMUs of another driver
 * @class_prefix: how the names of its class devices start, or "-" for our own
 * @driver: name of the driver of the class devices' parents, or "-" for our own
 *
 * Return: 0 or a negative errno.
 */
int mock_pose(const char *class_prefix, const char *driver)
{
	bool own = !strcmp(class_prefix, "-");
	unsigned int i;
	int ret;

	ret = name_driver(strcmp(driver, "-") ? driver : MOCK_DRIVER);
	for (i = 0; !ret && i < mock_nr_instances; i++)
		ret = name_class_device(&mock_instances[i], own ? MOCK_CLASS : class_prefix, own ? "" : ".mock");
	return ret;
}
