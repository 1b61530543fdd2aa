/* SPDX-License-Identifier: GPL-2.0-only */
/* Make chosen calls of a kernel function fail, with fault/ng_fault.ko. */
#ifndef NG_FAULT_H
#define NG_FAULT_H

#define FAULT_MAX_RULES	4
#define FAULT_FOREVER	1000000000

struct fault_rule {
	const char *func;
	unsigned int nth;	/* first call that fails, counted from 1 */
	unsigned int count;	/* how many calls fail from there on */
	int err;		/* what they return, -errno; 0 is NULL or success */
};

/*
 * Load the module with these rules. 0 or -errno: -ENOENT when the kernel has no
 * such function, -EINVAL when it must not be probed.
 */
int fault_arm(const struct fault_rule *rules, int nr_rules);

/* The same with one rule, whose first failing call lasts until a PCI device is unplugged. */
int fault_arm_unplug(const struct fault_rule *rule, const char *address);

/* How many calls the rule has made fail. */
unsigned int fault_hits(int rule);

/* Unload the module; harmless when it is not loaded. */
void fault_disarm(void);

#endif
