// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slow-memory.h"

bool slow_memory_make(struct slow_memory *slow, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	slow->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (slow->uffd < 0)
		return false;
	slow->area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slow->area == MAP_FAILED)
		return false;
	reg.range.start = (uintptr_t)slow->area;
	reg.range.len = bytes;
	return !ioctl(slow->uffd, UFFDIO_API, &api) && !ioctl(slow->uffd, UFFDIO_REGISTER, &reg);
}

bool slow_memory_wait_for_touch(struct slow_memory *slow)
{
	struct pollfd pfd = { .fd = slow->uffd, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&pfd, 1, 20000) == 1 && read(slow->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

bool slow_memory_fill(struct slow_memory *slow, size_t from, size_t bytes)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)slow->area + from, bytes } };

	return !ioctl(slow->uffd, UFFDIO_ZEROPAGE, &zero);
}
