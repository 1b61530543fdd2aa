/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommu_emt: attach with one error contract on every kernel and IOMMU driver.
 *
 * Stock drivers say "this domain cannot serve this device" with -EINVAL, -ENXIO, -EXDEV, -EFAULT, -EBUSY or
 * -EOPNOTSUPP, depending on driver and release, and mean something else by the same numbers elsewhere.  The functions
 * below call the stock attach and return:
 *
 *   0             attached;
 *   -EMEDIUMTYPE  domain and group are incompatible: another domain, existing or new, may work.  This module logs
 *                 nothing for it, and the group is where it was before the call;
 *   other         a real error, as the core or the driver returned it.
 *
 * Old kernels leave a group half attached when one of its devices refuses: those before v6.1.17,
 * and v6.2 before v6.2.4. It is taken home then; in the rare case that this fails too, the result
 * is -ENOTRECOVERABLE, and the domain must not be freed as long as the group exists.
 *
 * A driver or errno that the rules do not know counts as incompatible, except errnos that can never mean it; it is
 * counted in debugfs (iommu_emt/unknown) and named once in the log, at info level.  The caller then tries a fresh
 * domain, whose own failure is the true answer; so ask for that one with iommu_emt_attach_fresh().
 *
 * docs/attach-errors.md has the rules, driver by driver.
 */
#ifndef IOMMU_EMT_H
#define IOMMU_EMT_H

struct device;
struct iommu_device;
struct iommu_domain;
struct iommu_group;

/*
 * Part of the names that this module exports, because on kernels without CONFIG_MODVERSIONS names
 * are all that keeps a caller from calling what has changed since it was built: iommu_emt may stay
 * loaded while its callers are upgraded. To be raised when a prototype or what it promises changes.
 */
#define IOMMU_EMT_ABI			1
#define IOMMU_EMT_PASTE(name, abi)	name##_abi##abi
#define IOMMU_EMT_NAME(name, abi)	IOMMU_EMT_PASTE(name, abi)

#define iommu_emt_attach_group	IOMMU_EMT_NAME(iommu_emt_attach_group, IOMMU_EMT_ABI)
#define iommu_emt_join_group	IOMMU_EMT_NAME(iommu_emt_join_group, IOMMU_EMT_ABI)
#define iommu_emt_attach_device	IOMMU_EMT_NAME(iommu_emt_attach_device, IOMMU_EMT_ABI)
#define iommu_emt_attach_fresh	IOMMU_EMT_NAME(iommu_emt_attach_fresh, IOMMU_EMT_ABI)

/**
 * iommu_emt_attach_group() - attach all devices of a group to a domain
 * @domain: a domain that the caller owns
 * @group: a group that the caller owns, attached to no domain of another owner
 *
 * Context: process context; takes the group's mutex, so not from an iommu_group_for_each_dev() callback.
 * Return: 0, -EMEDIUMTYPE if they are incompatible, or another negative errno for a real error.
 */
int iommu_emt_attach_group(struct iommu_domain *domain, struct iommu_group *group);

/**
 * iommu_emt_join_group() - attach all devices of a group to a domain that serves other groups
 * @domain: a domain that the caller owns, made for paging
 * @group: as for iommu_emt_attach_group()
 * @instance: IOMMU (dev->iommu->iommu_dev) of a device that is or was attached to @domain; only compared, never
 *	dereferenced; NULL if unknown
 *
 * Prefer this to iommu_emt_attach_group() where @instance is known.  Many drivers' domains belong
 * to one IOMMU: then a group of another one is not offered to the driver, which saves the line that
 * some log for it and the translation that some drop, and a real error is told from incompatibility
 * where both are the same errno.  Where a domain serves only one device (omap), one that has become
 * empty is not offered either; that costs a domain.
 *
 * Context: as iommu_emt_attach_group().
 * Return: as iommu_emt_attach_group().
 */
int iommu_emt_join_group(struct iommu_domain *domain, struct iommu_group *group, const struct iommu_device *instance);

/**
 * iommu_emt_attach_device() - attach the only device of a group to a domain
 * @domain: a domain that the caller owns
 * @dev: a device that is alone in its group
 *
 * Context: as iommu_emt_attach_group().
 * Return: 0, -EMEDIUMTYPE if they are incompatible, -ENODEV without an IOMMU, -EINVAL if the group has more devices,
 * or another negative errno for a real error.
 */
int iommu_emt_attach_device(struct iommu_domain *domain, struct device *dev);

/**
 * iommu_emt_attach_fresh() - attach a group to a domain that was allocated for it
 * @domain: a domain that nothing was ever attached to
 * @group: as for iommu_emt_attach_group()
 *
 * For the caller who has no other domain left to try: like iommu_emt_attach_group(), but an
 * incompatibility is returned as the errno of the core or the driver.  A domain that another driver
 * made is -EINVAL, as to new cores, and the driver is not asked.  After a failure other than
 * -ENOTRECOVERABLE the group is where it was, and the domain may be freed.
 *
 * Context: as iommu_emt_attach_group().
 * Return: 0 or a negative errno, never -EMEDIUMTYPE unless the driver itself says so.
 */
int iommu_emt_attach_fresh(struct iommu_domain *domain, struct iommu_group *group);

#endif
