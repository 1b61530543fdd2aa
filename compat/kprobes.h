/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/kprobes.h>: return probes are built on rethooks where the architecture has them (x86 since v5.18), and on a
 * list of their own elsewhere.
 */
#ifndef COMPAT_KPROBES_H
#define COMPAT_KPROBES_H

#include <linux/kprobes.h>
#include <linux/ptrace.h>

/**
 * compat_kernel_argument() - an argument of a function that a probe has just entered
 * @regs: as the probe's handler got them
 * @n: which one, from 0; one of those that the architecture passes in registers
 *
 * regs_get_kernel_argument() is not for modules on s390: it calls a function there that is not exported.
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
 * compat_kretprobe_caller() - where the probed function is about to return to
 * @ri: as the handler of a return probe got it
 * @regs: likewise
 *
 * get_kretprobe_retaddr() will not do: with a second return probe on the function it may be the address of the
 * trampoline that the two share.
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
