// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOMMU driver made a domain, for contexts that must not sleep and so
 * cannot look into a group for a device.
 *
 * Domains and IOMMUs carry the mark of their driver (compat_domain_mark()). The
 * driver of a mark is learnt when a device is bound, which is before any
 * attach. Marks are compared, never followed. If the address of an unloaded
 * driver's mark is used again, the first device bound behind the new driver
 * corrects the entry.
 */
#include <linux/device.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>

#include <compat/iommu.h>

#include "identify.h"
#include "known_drivers.h"

/* More than any machine has; domains of further drivers count as unknown. */
#define MAX_KNOWN_DRIVERS	8

struct known_driver {
	const void *mark;
	enum emt_driver driver;
};

/*
 * Entries are added under the lock and never removed, so readers need none. The
 * count is stored with release and loaded with acquire: a reader that sees the
 * count sees the entry too. @driver may be corrected later: READ_ONCE().
 */
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

/* @dev is locked and bound, so dev->iommu stays. */
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
 * Waiting could deadlock: the driver that is being bound to @dev may be loading
 * this module. The notifier reports such a device.
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

/* Process context. Notifiers come first, so that no device is missed. */
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

/* Any context. Unknown before a device behind its IOMMU is bound. */
enum emt_driver emt_driver_of_domain(const struct iommu_domain *domain)
{
	const struct known_driver *known = find_known(compat_domain_mark(domain));

	return known ? READ_ONCE(known->driver) : EMT_DRIVER_UNKNOWN;
}

/* With one driver, no domain can be foreign to a device. */
bool emt_one_driver_known(void)
{
	return smp_load_acquire(&nr_known_drivers) == 1;
}
