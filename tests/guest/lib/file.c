// SPDX-License-Identifier: GPL-2.0-only
/* Short reads and writes of the small text files in /proc and /sys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

int file_read(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0) {
			int err = errno;

			close(fd);
			return -err;
		}
		if (!n)
			break;
		len += n;
	}
	close(fd);
	while (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

static int write_with(const char *path, const char *text, int flags)
{
	ssize_t n;
	int ret;
	int fd;

	fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	ret = n < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int file_write(const char *path, const char *text)
{
	return write_with(path, text, 0);
}

int file_append(const char *path, const char *text)
{
	return write_with(path, text, O_APPEND);
}

long long file_read_number(const char *path)
{
	char text[64];
	int ret;

	ret = file_read(path, text, sizeof(text));
	return ret < 0 ? ret : strtoll(text, NULL, 0);
}

long long file_read_key(const char *path, const char *key)
{
	long long value = -ENOENT;
	size_t len = strlen(key);
	char line[256];
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, len) || !strchr(": \t", line[len]))
			continue;
		value = strtoll(line + len + (line[len] == ':'), NULL, 0);
		break;
	}
	fclose(f);
	return value;
}
