// SPDX-License-Identifier: GPL-2.0-only
/* Devices: which group and IOMMU each has, and their DMA. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/bus.h"
#include "mock_iommu.h"

struct mock_device *mock_devices;
unsigned int mock_nr_devices;

static const char *const place_names[] = {
	[MOCK_NOWHERE] = "nowhere", [MOCK_BLOCKED] = "blocked", [MOCK_IDENTITY] = "identity",
	[MOCK_TRANSLATED] = "domain", [MOCK_DANGLING] = "freed-domain",
};

const char *mock_place_name(enum mock_place place)
{
	return place_names[place];
}

/* The mock's device behind a device, or NULL for one that is not ours. */
struct mock_device *mock_device_of(struct device *dev)
{
	int id = mock_bus_device_id(dev);

	return id < 0 ? NULL : &mock_devices[id];
}

/* Which IOMMU translates a device?  Old cores ask for every device of every bus. */
struct iommu_device *mock_probe_device(struct device *dev)
{
	struct mock_device *device = mock_device_of(dev);

	return device ? &device->instance->iommu : ERR_PTR(-ENODEV);
}

/* The group of a device, with a reference: the first member makes it, the others join. */
struct iommu_group *mock_device_group(struct device *dev)
{
	struct mock_device *device = mock_device_of(dev);
	struct iommu_group *group;

	if (!device->member)
		return generic_device_group(dev);
	group = iommu_group_get(device[-(int)device->member].dev);
	return group ?: ERR_PTR(-ENODEV);
}

static int add_group(unsigned int number, unsigned int size)
{
	unsigned int member;
	int ret;

	for (member = 0; member < size; member++) {
		struct mock_device *device = &mock_devices[mock_nr_devices];

		device->id = mock_nr_devices++;
		device->group = number;
		device->member = member;
		device->instance = &mock_instances[number % mock_nr_instances];
		ret = mock_bus_add_device(device->id, device->instance->fwnode, &device->dev);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * mock_devices_add() - make all devices
 * @nr_singles: how many groups of one device, which come first
 * @sizes: sizes of the groups of several
 * @nr_sizes: their number
 *
 * Return: 0 or a negative errno, and then some may exist.
 */
int mock_devices_add(unsigned int nr_singles, const unsigned int *sizes, unsigned int nr_sizes)
{
	unsigned int i, total = nr_singles;
	int ret;

	for (i = 0; i < nr_sizes; i++)
		total += sizes[i];
	mock_devices = kcalloc(total, sizeof(*mock_devices), GFP_KERNEL);
	if (!mock_devices)
		return -ENOMEM;
	ret = mock_bus_register();
	for (i = 0; !ret && i < nr_singles + nr_sizes; i++)
		ret = add_group(i, i < nr_singles ? 1 : sizes[i - nr_singles]);
	return ret;
}

/* What of a device's access to one page goes through?  Held: mock_lock. */
static int dma_page(struct mock_device *device, u64 iova, void *buf, size_t bytes, bool write)
{
	phys_addr_t phys;
	int prot;

	if (device->place != MOCK_TRANSLATED || !mock_table_find(&device->domain->table, iova, &phys, &prot))
		return -EFAULT;
	if (!(prot & (write ? IOMMU_WRITE : IOMMU_READ)))
		return -EFAULT;
	if (!pfn_valid(PHYS_PFN(phys)))
		return -EFAULT;
	if (write)
		memcpy(phys_to_virt(phys), buf, bytes);
	else
		memcpy(buf, phys_to_virt(phys), bytes);
	return 0;
}

/**
 * mock_dma() - let a device read or write memory
 * @device: the device
 * @iova: address of the first byte
 * @buf: the data
 * @bytes: how many
 * @write: the device writes to memory
 *
 * Return: 0, or -EFAULT if its IOMMU does not let all of it through; part of a write may have been done then.
 */
int mock_dma(struct mock_device *device, u64 iova, void *buf, size_t bytes, bool write)
{
	size_t done, part;
	int ret = 0;

	mutex_lock(&mock_lock);
	for (done = 0; !ret && done < bytes; done += part) {
		part = min_t(size_t, bytes - done, PAGE_SIZE - offset_in_page(iova + done));
		ret = dma_page(device, iova + done, buf + done, part, write);
	}
	mutex_unlock(&mock_lock);
	return ret;
}
