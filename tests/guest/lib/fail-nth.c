// SPDX-License-Identifier: GPL-2.0-only
/* Fault injection by number, through /proc/thread-self/fail-nth. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail-nth.h"
#include "file.h"

#define FAULTS "/sys/kernel/debug/"

static int fail_nth_fd = -1;

static void open_own_file(void)
{
	fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

void fail_nth_forked(void)
{
	close(fail_nth_fd);
	open_own_file();
}

int fail_nth_prepare(void)
{
	/* Sleeping allocations are spared by default, and single pages. User pages stay so: a page fault is no request. */
	static const struct {
		const char *path, *value;
	} settings[] = {
		{ FAULTS "failslab/ignore-gfp-wait", "N" },
		{ FAULTS "failslab/verbose", "0" },
		{ FAULTS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ FAULTS "fail_page_alloc/min-order", "0" },
		{ FAULTS "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;

	if (fail_nth_fd < 0)
		open_own_file();
	if (fail_nth_fd < 0)
		return -errno;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (file_write(settings[i].path, settings[i].value))
			return -ENOENT;
	return 0;
}

static void set(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(fail_nth_fd, text, strlen(text), 0) < 0)
		abort();
}

void fail_nth_arm(unsigned int nth)
{
	set(nth);
}

bool fail_nth_disarm(void)
{
	char text[16] = "";

	/* What is left to count; nothing after the failure. */
	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) <= 0)
		abort();
	set(0);
	return !strtoul(text, NULL, 10);
}
