// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count the calls of a kernel function that return an error.
 *
 * kprobe_profile, which counters.c reads, counts every call; only the trace buffer knows the filter.  The buffer is an
 * instance of its own, so that nothing else can push the records out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failed-calls.h"
#include "file.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define INSTANCE	TRACEFS "instances/ng_failed"
#define EVENT		INSTANCE "/events/ng_failed/call/"

void failed_calls_stop(void)
{
	file_write(EVENT "enable", "0");
	rmdir(INSTANCE);
	file_append(TRACEFS "kprobe_events", "-:ng_failed/call");
}

int failed_calls_start(const char *function)
{
	char line[128];
	int ret;

	failed_calls_stop();
	snprintf(line, sizeof(line), "r:ng_failed/call %s ret=$retval:s32", function);
	ret = file_append(TRACEFS "kprobe_events", line);
	if (ret)
		return ret;
	if (mkdir(INSTANCE, 0700))
		ret = -errno;
	if (!ret)
		ret = file_write(EVENT "filter", "ret < 0");
	if (!ret)
		ret = file_write(EVENT "enable", "1");
	if (ret)
		failed_calls_stop();
	return ret;
}

int failed_calls(void)
{
	char line[512];
	int n = 0;
	FILE *f;

	f = fopen(INSTANCE "/trace", "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		n += line[0] != '#' && strstr(line, "ret=");
	fclose(f);
	return n;
}
