// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault injection by number, through /proc/thread-self/fail-nth. Once that has counted to its end, the
 * general attributes decide: they let all requests fail, of tasks that asked for it in make-it-fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail-nth.h"
#include "file.h"

#define FAULTS "/sys/kernel/debug/"

static int fail_nth_fd = -1, make_it_fail_fd = -1;
static bool more_fail;

static void open_own_files(void)
{
	fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_it_fail_fd = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
}

void fail_nth_forked(void)
{
	close(fail_nth_fd);
	close(make_it_fail_fd);
	open_own_files();
}

int fail_nth_prepare(void)
{
	/* Sleeping allocations are spared by default, and single pages. User pages stay so: a page fault is no request. */
	static const struct {
		const char *path, *value;
	} settings[] = {
		{ FAULTS "failslab/ignore-gfp-wait", "N" },
		{ FAULTS "failslab/verbose", "0" },
		{ FAULTS "failslab/task-filter", "Y" },
		{ FAULTS "failslab/probability", "100" },
		{ FAULTS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ FAULTS "fail_page_alloc/min-order", "0" },
		{ FAULTS "fail_page_alloc/verbose", "0" },
		{ FAULTS "fail_page_alloc/task-filter", "Y" },
		{ FAULTS "fail_page_alloc/probability", "100" },
	};
	unsigned int i;

	if (fail_nth_fd < 0)
		open_own_files();
	if (fail_nth_fd < 0 || make_it_fail_fd < 0)
		return -errno;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (file_write(settings[i].path, settings[i].value))
			return -ENOENT;
	return 0;
}

static void set(int fd, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		abort();
}

void fail_nth_arm(unsigned int nth, int more)
{
	char times[16];

	more_fail = more;
	if (more) {
		/* The nth request counts as one of its kind. */
		snprintf(times, sizeof(times), "%d", more < 0 ? more : more + 1);
		if (file_write(FAULTS "failslab/times", times) ||
		    file_write(FAULTS "fail_page_alloc/times", times))
			abort();
	}
	set(fail_nth_fd, nth);
	if (more)
		set(make_it_fail_fd, 1);
}

bool fail_nth_disarm(void)
{
	char text[16] = "";

	if (more_fail)
		set(make_it_fail_fd, 0);
	more_fail = false;
	/* What is left to count; nothing after the failure. */
	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) <= 0)
		abort();
	set(fail_nth_fd, 0);
	return !strtoul(text, NULL, 10);
}
