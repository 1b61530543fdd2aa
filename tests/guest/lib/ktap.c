// SPDX-License-Identifier: GPL-2.0-only
/* KTAP version 1 output, one write() a line so that processes do not mix. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

static void put(const char *text, size_t len)
{
	while (len) {
		ssize_t done = write(STDOUT_FILENO, text, len);

		if (done <= 0)
			return;
		text += done;
		len -= done;
	}
}

static void put_line(const char *head, const char *fmt, va_list ap)
{
	char line[1024];
	int n;

	n = snprintf(line, sizeof(line), "%s", head);
	n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	put(line, n);
}

static __attribute__((format(printf, 1, 2))) void line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("", fmt, ap);
	va_end(ap);
}

void ktap_diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("# ", fmt, ap);
	va_end(ap);
}

void ktap_progress(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("# progress: ", fmt, ap);
	va_end(ap);
}

void ktap_header(void)
{
	line("KTAP version 1");
}

void ktap_plan(unsigned int ntests)
{
	line("1..%u", ntests);
}

void ktap_result(bool ok, unsigned int number, const char *prefix, const char *name)
{
	line("%s %u %s: %s", ok ? "ok" : "not ok", number, prefix, name);
}

void ktap_skip(unsigned int number, const char *prefix, const char *name, const char *why)
{
	line("ok %u %s: %s # SKIP %s", number, prefix, name, why);
}

void __attribute__((weak)) guest_lacks(const char *what)
{
	(void)what;
}
