/* SPDX-License-Identifier: GPL-2.0-only */
/* The meaning of attach errnos. No kernel calls: unit tests use it. */
#ifndef EMT_JUDGE_H
#define EMT_JUDGE_H

#include <linux/errno.h>
#include <linux/types.h>

#include "drivers.h"

/* Releases whose drivers were read. v7.2 is as v7.3 unless a row differs. */
#define EMT_5_10	0x1
#define EMT_6_1		0x2
#define EMT_6_12	0x4
#define EMT_7_3		0x8

/* Which errnos the drivers use. Bits: a rule, and a kernel, may have both. */
enum emt_generation {
	EMT_GEN_UNDOCUMENTED = 1,	/* before v6.2: each driver its own */
	EMT_GEN_DOCUMENTED = 2,		/* since v6.2: documented -EINVAL */
	EMT_GEN_ANY = EMT_GEN_UNDOCUMENTED | EMT_GEN_DOCUMENTED,
};

/* Known before the call; settles what the result alone does not. Bits. */
enum emt_evidence {
	EMT_EVIDENCE_NONE = 0,
	EMT_FOREIGN_DOMAIN = 0x1,		/* made for other iommu_ops */
	EMT_DIRTY_TRACKING_DIFFERS = 0x2,	/* only the domain tracks */
	EMT_DOMAIN_UNUSED = 0x4,		/* no aperture in force yet */
	EMT_DOMAIN_USED = 0x8,			/* aperture in force */
	EMT_DOMAIN_HAS_GROUPS = 0x10,		/* it serves groups */
	EMT_SAME_INSTANCE = 0x20,		/* behind the same IOMMU */
	EMT_OTHER_INSTANCE = 0x40,		/* behind another IOMMU */
};

enum emt_verdict {
	EMT_HARD,		/* a real error */
	EMT_INCOMPATIBLE,	/* another domain may work */
	EMT_UNKNOWN,		/* no rule; treated as EMT_INCOMPATIBLE */
};

/**
 * struct emt_facts - what is known before an attach
 * @driver: driver of the group's IOMMU
 * @generation: which errnos the drivers of this kernel use
 * @evidence: EMT_* evidence bits that hold
 */
struct emt_facts {
	enum emt_driver driver;
	enum emt_generation generation;
	unsigned int evidence;
};

/* In place of an errno: the rule applies before the driver is called. */
#define EMT_UNASKED 0

/**
 * struct emt_rule - one meaning of one errno
 * @driver: the driver, or EMT_DRIVER_UNKNOWN for all
 * @releases: where it was read; applies to the whole generation of each
 * @error: errno, positive; EMT_UNASKED if a call of the driver is needless
 * @evidence: all these bits must hold
 * @verdict: what the errno means then
 * @function: where in the driver
 * @reason: the condition there
 *
 * The first rule that applies decides: EMT_UNASKED rows stand first, and rows
 * with evidence before those without. If a kernel has drivers of both
 * generations, EMT_HARD rules apply only if they cover both.
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

/* Drivers that have EMT_UNASKED rows; evidence in those for any driver. */
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

static inline int emt_final_errno(enum emt_verdict verdict, int raw)
{
	return raw && verdict != EMT_HARD ? -EMEDIUMTYPE : raw;
}

#endif
