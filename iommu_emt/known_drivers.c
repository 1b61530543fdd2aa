// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOMMU driver made a domain: answered where one must not sleep, and so cannot look into a group for a device.
 *
 * A domain carries a mark of its driver (compat_domain_mark()); whose mark that is, a device behind that driver's IOMMU
 * tells.  So one entry is kept for each mark, learnt when a device is bound to its driver, because nobody attaches a device
 * that was not.  Marks are compared and never followed.  When an IOMMU driver is unloaded and another one's mark comes to lie
 * at the same address, the first device behind the new one corrects the entry.
 */
#include <linux/device.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>

#include <compat/iommu.h>

#include "identify.h"
#include "known_drivers.h"

/* More IOMMU drivers than any machine has at once; the domains of one more count as an unknown driver's. */
#define MAX_KNOWN_DRIVERS	8

struct known_driver {
	const void *mark;
	enum emt_driver driver;
};

/* Entries are added under the lock and never removed, so that readers need none. */
static DEFINE_SPINLOCK(known_lock);
static struct known_driver known_drivers[MAX_KNOWN_DRIVERS];
static unsigned int nr_known_drivers;

static struct known_driver *find_known(const void *mark)
{
	unsigned int i, nr = smp_load_acquire(&nr_known_drivers);

	for (i = 0; i < nr; i++)
		if (known_drivers[i].mark == mark)
			return &known_drivers[i];
	return NULL;
}

static void learn_mark(const void *mark, enum emt_driver driver)
{
	struct known_driver *known;

	spin_lock(&known_lock);
	known = find_known(mark);
	if (known) {
		WRITE_ONCE(known->driver, driver);
	} else if (nr_known_drivers < MAX_KNOWN_DRIVERS) {
		known_drivers[nr_known_drivers] = (struct known_driver){ .mark = mark, .driver = driver };
		smp_store_release(&nr_known_drivers, nr_known_drivers + 1);
	}
	spin_unlock(&known_lock);
}

/* @dev is locked and has a driver, so that it stays behind its IOMMU. */
static void learn_from(struct device *dev)
{
	struct iommu_device *iommu = compat_dev_iommu(dev);

	if (iommu && compat_driver_mark(iommu->ops))
		learn_mark(compat_driver_mark(iommu->ops), emt_identify(iommu));
}

static int device_was_bound(struct notifier_block *nb, unsigned long event, void *dev)
{
	if (event == BUS_NOTIFY_BOUND_DRIVER)
		learn_from(dev);
	return NOTIFY_OK;
}

/*
 * Waiting for a device could deadlock: this module may be loaded by a driver that is being bound to it.  That device, and
 * any other that is just being bound, comes by the notifier.
 */
static int learn_if_bound(struct device *dev, void *unused)
{
	if (!device_trylock(dev))
		return 0;
	if (dev->driver)
		learn_from(dev);
	device_unlock(dev);
	return 0;
}

static struct notifier_block platform_notifier = { .notifier_call = device_was_bound };
#ifdef CONFIG_PCI
static struct notifier_block pci_notifier = { .notifier_call = device_was_bound };
#endif

/**
 * emt_known_drivers_start() - begin to learn which IOMMU drivers there are
 *
 * Context: process context.
 */
void emt_known_drivers_start(void)
{
	bus_register_notifier(&platform_bus_type, &platform_notifier);
	bus_for_each_dev(&platform_bus_type, NULL, NULL, learn_if_bound);
#ifdef CONFIG_PCI
	bus_register_notifier(&pci_bus_type, &pci_notifier);
	bus_for_each_dev(&pci_bus_type, NULL, NULL, learn_if_bound);
#endif
}

void emt_known_drivers_stop(void)
{
#ifdef CONFIG_PCI
	bus_unregister_notifier(&pci_bus_type, &pci_notifier);
#endif
	bus_unregister_notifier(&platform_bus_type, &platform_notifier);
}

/**
 * emt_driver_of_domain() - name the IOMMU driver that made a domain
 * @domain: the domain
 *
 * Context: any.
 * Return: the driver, or EMT_DRIVER_UNKNOWN.
 */
enum emt_driver emt_driver_of_domain(const struct iommu_domain *domain)
{
	const struct known_driver *known = find_known(compat_domain_mark(domain));

	return known ? READ_ONCE(known->driver) : EMT_DRIVER_UNKNOWN;
}

/* Is there only one IOMMU driver, so that no domain can be offered to a device of another? */
bool emt_one_driver_known(void)
{
	return smp_load_acquire(&nr_known_drivers) == 1;
}
