// SPDX-License-Identifier: GPL-2.0-only
/*
 * owed-irq.so: to be preloaded into a program that drives, with QEMU's own NVMe driver (nvme://), a controller that QEMU emulates.
 *
 * The driver enables the controller first and MSI-X after that.  The emulated controller looks only when it is enabled whether its
 * admin queue has an MSI-X vector, and drops the interrupts of that queue until another queue uses the vector.  So the driver
 * sleeps for ever, unless its command was done before it went to sleep: one start in two hangs, with any VFIO backend.
 *
 * Here the program gets the interrupt that it is owed: whenever it has slept a while, the eventfd is signalled that it gave
 * VFIO for the device's interrupt.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS		20000000
#define SIGMASK_BYTES	8	/* the kernel's, not the C library's */

static int irq_eventfd = -1;

int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *arg;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	if (request == VFIO_DEVICE_SET_IRQS) {
		const struct vfio_irq_set *irqs = arg;

		if (irqs->flags & VFIO_IRQ_SET_DATA_EVENTFD)
			memcpy(&irq_eventfd, irqs->data, sizeof(irq_eventfd));
	}
	return syscall(SYS_ioctl, fd, request, arg);
}

/* It may be closed by now, and the number be that of another file. */
static int is_eventfd(int fd)
{
	static const char wanted[] = "anon_inode:[eventfd]";
	char link[32], name[sizeof(wanted)];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, name, sizeof(name)) == sizeof(wanted) - 1 && !memcmp(name, wanted, sizeof(wanted) - 1);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t one = 1;
	int ready;

	if (timeout && !timeout->tv_sec && timeout->tv_nsec < NAP_NS)
		return syscall(SYS_ppoll, fds, n, timeout, mask, SIGMASK_BYTES);
	ready = syscall(SYS_ppoll, fds, n, &nap, mask, SIGMASK_BYTES);
	if (!ready && irq_eventfd >= 0 && is_eventfd(irq_eventfd))
		(void)!write(irq_eventfd, &one, sizeof(one));
	return ready;
}
