/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ng_conform: shows from inside the kernel what a type1 backend asks of the IOMMU core and its driver.  For tests only.
 *
 * Everything is found through the operations of a domain that is allocated for one of the test devices, so no driver
 * is known by name.  Commands and results are module parameters:
 *
 * watch=1		forget all, and take the domain of the next attach for the target
 * target		0 or 1: there is a target
 * offers		how often the target was handed to an attach function since it became one
 * driver_attaches	calls of the driver's attach, for any domain
 * target_attaches	those of them for the target
 * other_ops=1|0	give the target another operations table with the same content, or its own again; it gets its
 *			own back by itself as soon as it is offered, so that neither core nor driver sees the other
 * fail_attach=ERRNO	the driver refuses the target with this errno (0: it decides); failed counts how often
 * coherent=0|1|-1	the driver's answer to "can you make DMA coherent?" (-1: it decides); asked counts
 * device_coherent=0|1|-1	the same for the question that KVM asks of the device
 * has_question		the driver can be asked for coherency
 * kvm_trusts_device	this kernel has the question that KVM asks of the device
 * pair=KIND		attach the device to a domain of this kind, see pair.h; results are raw and emt
 */
#ifndef NG_CONFORM_H
#define NG_CONFORM_H

struct device;
struct iommu_domain;

/* Result of pair= that is no result of an attach, besides PAIR_NOT_MADE. */
#define PAIR_NO_FUNCTION 2	/* iommu_emt is not loaded */

int watch_start(struct device *dev, const struct iommu_domain *domain);
void watch_stop(void);

/* The next attach of pair.c is judged as one of the target. */
void watch_target(struct iommu_domain *domain);

/* The driver decides again about the target. */
void watch_relent(void);

void pair_start(struct device *dev);

#endif
