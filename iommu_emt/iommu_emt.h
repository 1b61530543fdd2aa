/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommu_emt (emt: EMEDIUMTYPE): one error contract for attach on all kernels.
 *
 * Stock drivers refuse an unsuitable domain with -EINVAL, -ENXIO, -EXDEV,
 * -EFAULT, -EBUSY or -EOPNOTSUPP, depending on driver and release, and use the
 * same errnos for other failures. These functions call the stock attach and
 * return:
 *
 *   0             attached
 *   -EMEDIUMTYPE  domain and group are incompatible; another domain may work
 *   other         a real error of the core, the driver or this module
 *
 * After a failure the group is where it was before. Cores before v6.1.17, and
 * v6.2 before v6.2.4, may leave a group half attached; this module then
 * attaches it to its former domain. If that fails for a group of several
 * devices, the result is -ENOTRECOVERABLE: the refused domain may be in use and
 * must not be freed as long as the group exists. If it fails for a single
 * device, the device has no translation until its next attach.
 *
 * A driver or errno without a rule counts as incompatible, unless the errno
 * never means that. It is counted in debugfs (iommu_emt/unknown) and logged
 * once, at info level; for known incompatibilities nothing is logged. A new
 * domain shows the true error: attach it with iommu_emt_attach_fresh().
 * docs/attach-errors.md has the rules, driver by driver.
 */
#ifndef IOMMU_EMT_H
#define IOMMU_EMT_H

struct device;
struct iommu_device;
struct iommu_domain;
struct iommu_group;

/*
 * Part of the exported names. Without CONFIG_MODVERSIONS nothing else prevents
 * calls of changed functions while iommu_emt stays loaded and its callers are
 * upgraded. Raise it when a prototype or its contract changes.
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
 * Context: process context; takes the group's mutex, so not from an
 * iommu_group_for_each_dev() callback.
 * Return: 0, -EMEDIUMTYPE if they are incompatible, -ENODEV without an IOMMU,
 * -EBUSY if @group is attached to @domain, or another negative errno.
 */
int iommu_emt_attach_group(struct iommu_domain *domain, struct iommu_group *group);

/**
 * iommu_emt_join_group() - attach a group to a domain that serves other groups
 * @domain: a paging domain that the caller owns
 * @group: as for iommu_emt_attach_group()
 * @instance: IOMMU (dev->iommu->iommu_dev) of a device that is or was attached
 *	to @domain, only compared, never dereferenced; NULL if unknown
 *
 * Prefer this if @instance is known. With many drivers a domain belongs to one
 * IOMMU. A group behind another IOMMU is then refused without a call of the
 * driver, which may log it or drop the translation of the group. @instance also
 * separates real errors from incompatibility where both have the same errno.
 * If a domain serves only one device (omap), an empty one is refused too.
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
 * Return: as iommu_emt_attach_group(); -EINVAL if the group has more devices.
 */
int iommu_emt_attach_device(struct iommu_domain *domain, struct device *dev);

/**
 * iommu_emt_attach_fresh() - attach a group to a domain allocated for it
 * @domain: a domain to which nothing was ever attached
 * @group: as for iommu_emt_attach_group()
 *
 * For a caller without another domain to try: an incompatibility is returned
 * as the errno of the core or the driver. A domain of another driver gets
 * -EINVAL without a call of the driver, as in cores since v6.8. After a failure
 * other than -ENOTRECOVERABLE the domain may be freed.
 *
 * Context: as iommu_emt_attach_group().
 * Return: 0 or a negative errno; -EMEDIUMTYPE only from a core or driver.
 */
int iommu_emt_attach_fresh(struct iommu_domain *domain, struct iommu_group *group);

#endif
