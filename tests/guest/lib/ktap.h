/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP lines on standard output, which the suite connects to the guest's
 * result channel. Diagnostics of a test come before its result line.
 */
#ifndef NG_KTAP_H
#define NG_KTAP_H

#include <stdbool.h>

/* Print one "# ..." diagnostic line. */
void ktap_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Tell the host what is being worked on: "# progress: ...". */
void ktap_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void ktap_header(void);
void ktap_plan(unsigned int ntests);
void ktap_result(bool ok, unsigned int number, const char *prefix, const char *name);
void ktap_skip(unsigned int number, const char *prefix, const char *name, const char *why);

/* Called when something is asked for that this guest does not have. A program may define it, to skip the test that asks. */
void guest_lacks(const char *what);

#endif
