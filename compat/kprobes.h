/* SPDX-License-Identifier: GPL-2.0-only */
/* Return probes use rethooks if the architecture has them (x86 since v5.18). */
#ifndef COMPAT_KPROBES_H
#define COMPAT_KPROBES_H

#include <linux/kprobes.h>
#include <linux/ptrace.h>

/**
 * compat_kernel_argument() - get an argument of a function at its entry
 * @regs: as passed to the handler of the probe
 * @n: from 0; only arguments in registers
 *
 * On s390, regs_get_kernel_argument() needs a function that is not exported.
 * Return: the argument.
 */
static inline unsigned long compat_kernel_argument(struct pt_regs *regs, unsigned int n)
{
#ifdef CONFIG_S390
	return regs->gprs[2 + n];
#else
	return regs_get_kernel_argument(regs, n);
#endif
}

/**
 * compat_kretprobe_caller() - get the address to which a function returns
 * @ri: as passed to the handler of the return probe
 * @regs: likewise
 *
 * With two return probes, get_kretprobe_retaddr() may give their trampoline.
 * Return: an address in the caller.
 */
static inline unsigned long compat_kretprobe_caller(const struct kretprobe_instance *ri, struct pt_regs *regs)
{
#ifdef CONFIG_KRETPROBE_ON_RETHOOK
	return instruction_pointer(regs);
#else
	return (unsigned long)ri->ret_addr;
#endif
}

#endif
