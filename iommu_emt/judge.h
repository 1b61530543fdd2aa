/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a raw errno of an attach means.  Pure logic: no kernel call, so that the tests run it on the build host.
 */
#ifndef EMT_JUDGE_H
#define EMT_JUDGE_H

#include <linux/errno.h>
#include <linux/types.h>

/* IOMMU drivers that the rules tell apart. */
enum emt_driver {
	EMT_DRIVER_UNKNOWN,
	EMT_DRIVER_INTEL,
	EMT_DRIVER_AMD,
	EMT_DRIVER_VIRTIO,
	EMT_DRIVER_COUNT
};

/* Kernel generations by the errnos their drivers use, as bits, so that a rule can cover both. */
enum emt_generation {
	EMT_GEN_UNDOCUMENTED = 1,	/* before v6.2: each driver its own */
	EMT_GEN_DOCUMENTED = 2,		/* since v6.2: -EINVAL, by the comment at struct iommu_domain_ops */
	EMT_GEN_ANY = EMT_GEN_UNDOCUMENTED | EMT_GEN_DOCUMENTED,
};

/* What was seen before the call and settles an errno that has two meanings. */
enum emt_evidence {
	EMT_EVIDENCE_NONE = 0,
	EMT_DIRTY_TRACKING_DIFFERS = 1,	/* the domain tracks dirty pages, the device's IOMMU cannot */
};

enum emt_verdict {
	EMT_HARD,		/* a real error */
	EMT_INCOMPATIBLE,	/* another domain may work */
	EMT_UNKNOWN,		/* no rule; treated as EMT_INCOMPATIBLE */
};

/**
 * struct emt_facts - what is known about an attach before it is tried
 * @driver: driver of the group's IOMMU
 * @generation: which errnos this kernel's drivers use; one bit, or both for a kernel with back-ported drivers
 * @evidence: EMT_* evidence bits that hold
 */
struct emt_facts {
	enum emt_driver driver;
	enum emt_generation generation;
	unsigned int evidence;
};

/**
 * struct emt_rule - one meaning of one errno
 * @driver: whose errno, or EMT_DRIVER_UNKNOWN for any driver
 * @generation: on which kernels
 * @error: the errno, positive
 * @evidence: all these bits must hold for the rule to apply
 * @verdict: what it means then
 * @reason: the condition in the driver that returns it
 *
 * The first rule that applies decides, so a rule that needs evidence stands before the one that does not.  Where a
 * kernel mixes generations, a rule that says EMT_HARD applies only if it holds for all of them.
 */
struct emt_rule {
	enum emt_driver driver;
	enum emt_generation generation;
	int error;
	unsigned int evidence;
	enum emt_verdict verdict;
	const char *reason;
};

extern const struct emt_rule emt_rules[];
extern const unsigned int emt_nr_rules;

const struct emt_rule *emt_find_rule(const struct emt_facts *facts, int error);
enum emt_verdict emt_judge(const struct emt_facts *facts, int error);

/* What a caller is told about an attach that returned @raw, which may be 0. */
static inline int emt_final_errno(const struct emt_facts *facts, int raw)
{
	return raw && emt_judge(facts, raw) != EMT_HARD ? -EMEDIUMTYPE : raw;
}

#endif
