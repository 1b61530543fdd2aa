// SPDX-License-Identifier: GPL-2.0-only
/* The kernel log since a point in time, read from /dev/kmsg. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"

const char *const kmsg_trouble[] = {
	"WARNING:", "BUG:", "Oops", "general protection", "refcount_t", "leak",
	"possible recursive", "soft lockup", "hung_task", "blocked for more", "UBSAN",
	"KASAN", "Bad page", NULL
};

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

bool kmsg_find(int reader, const char *const words[], char *line, size_t size)
{
	char record[2048], *text;
	ssize_t n;
	int i;

	for (;;) {
		n = read(reader, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)	/* old records were overwritten */
			continue;
		if (n <= 0)
			return false;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		for (i = 0; words[i]; i++) {
			if (strstr(text, words[i])) {
				snprintf(line, size, "%s", text);
				return true;
			}
		}
	}
}
