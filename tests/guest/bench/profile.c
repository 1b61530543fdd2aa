// SPDX-License-Identifier: GPL-2.0-only
/* Marks around one operation, between which tests/bench/insns.c counts. They do nothing else. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char *wanted;	/* BACKEND-OPERATION */

void profile_want(const char *backend_and_operation)
{
	wanted = backend_and_operation;
}

static bool is_wanted(enum backend backend, const char *operation)
{
	size_t n = strlen(backend_names[backend]);

	return wanted && !strncmp(wanted, backend_names[backend], n) && wanted[n] == '-' && !strcmp(wanted + n + 1, operation);
}

#ifdef __x86_64__
/* nopl with an address that says what it is. */
#define MARK(number)	asm volatile(".byte 0x0f, 0x1f, 0x80, 'N', 'G', 'b', " #number ::: "memory")
#else
#define MARK(number)	die("profiles are for x86-64")
#endif

void profile_begin(enum backend backend, const char *operation)
{
	if (is_wanted(backend, operation))
		MARK(1);
}

void profile_end(enum backend backend, const char *operation)
{
	if (is_wanted(backend, operation))
		MARK(0);
}
