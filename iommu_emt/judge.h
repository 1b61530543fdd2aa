/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a raw errno of an attach means, and which attaches need no asking.  Pure logic: no kernel call, so that the
 * tests run it on the build host.
 */
#ifndef EMT_JUDGE_H
#define EMT_JUDGE_H

#include <linux/errno.h>
#include <linux/types.h>

#include "drivers.h"

/* Kernel releases whose drivers were read, as bits.  What is said of v7.3 was compared with v7.2. */
#define EMT_5_10	0x1
#define EMT_6_1		0x2
#define EMT_6_12	0x4
#define EMT_7_3		0x8

/* Kernel generations by the errnos their drivers use, as bits, so that a rule can cover both. */
enum emt_generation {
	EMT_GEN_UNDOCUMENTED = 1,	/* as before v6.2: each driver its own */
	EMT_GEN_DOCUMENTED = 2,		/* as since v6.2: -EINVAL, by the comment at struct iommu_domain_ops */
	EMT_GEN_ANY = EMT_GEN_UNDOCUMENTED | EMT_GEN_DOCUMENTED,
};

/* What was seen before the call and settles what an errno, or none, would leave open.  Bits. */
enum emt_evidence {
	EMT_EVIDENCE_NONE = 0,
	EMT_FOREIGN_DOMAIN = 0x1,		/* the domain was made by another driver, or for other operations of it */
	EMT_DIRTY_TRACKING_DIFFERS = 0x2,	/* the domain tracks dirty pages, the device's IOMMU cannot */
	EMT_DOMAIN_UNUSED = 0x4,		/* the domain has no aperture yet: no device was ever attached to it */
	EMT_DOMAIN_USED = 0x8,			/* it has one; some drivers give it one at the first attach */
	EMT_DOMAIN_HAS_GROUPS = 0x10,		/* the caller says that the domain serves groups */
	EMT_SAME_INSTANCE = 0x20,		/* and that they are behind the same IOMMU instance as this one */
	EMT_OTHER_INSTANCE = 0x40,		/* and that they are behind another one */
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

/* In the place of an errno: the rule holds before the driver is asked. */
#define EMT_UNASKED 0

/**
 * struct emt_rule - one meaning of one errno
 * @driver: whose errno, or EMT_DRIVER_UNKNOWN for any driver
 * @releases: where the condition was read, EMT_5_10 and so on; it is taken to hold in the whole generation of each
 * @error: the errno, positive; or EMT_UNASKED if there is no need, or no use, to ask the driver
 * @evidence: all these bits must hold for the rule to apply
 * @verdict: what it means then
 * @function: where in the driver
 * @reason: the condition there
 *
 * The first rule that applies decides, so a rule that needs evidence stands before the one that does not; and all that
 * hold unasked stand before the others.  Where a kernel mixes generations, a rule that says EMT_HARD applies only if it
 * holds for all of them.
 */
struct emt_rule {
	enum emt_driver driver;
	unsigned int releases;
	int error;
	unsigned int evidence;
	enum emt_verdict verdict;
	const char *function;
	const char *reason;
};

extern const struct emt_rule emt_rules[];
extern const unsigned int emt_nr_rules;

/* Drivers with a row that holds unasked, as bits; and evidence of which such a row for all drivers needs some. */
extern const unsigned int emt_unasked_drivers;
extern const unsigned int emt_unasked_evidence;

static inline enum emt_generation emt_rule_generation(const struct emt_rule *rule)
{
	return (rule->releases & (EMT_5_10 | EMT_6_1) ? EMT_GEN_UNDOCUMENTED : 0) |
	       (rule->releases & (EMT_6_12 | EMT_7_3) ? EMT_GEN_DOCUMENTED : 0);
}

const struct emt_rule *emt_find_rule(const struct emt_facts *facts, int error);
const struct emt_rule *emt_predict(const struct emt_facts *facts);
enum emt_verdict emt_judge(const struct emt_facts *facts, int error);
const char *emt_verdict_name(enum emt_verdict verdict, int raw);

/* What a caller is told about an attach that returned @raw, which may be 0. */
static inline int emt_final_errno(enum emt_verdict verdict, int raw)
{
	return raw && verdict != EMT_HARD ? -EMEDIUMTYPE : raw;
}

#endif
