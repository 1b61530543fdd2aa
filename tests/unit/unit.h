/* SPDX-License-Identifier: GPL-2.0-only */
/* What every unit test needs: cmocka with TAP output. */
#ifndef UNIT_H
#define UNIT_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define RUN(tests)							\
	int main(void)							\
	{								\
		cmocka_set_message_output(CM_OUTPUT_TAP);		\
		return cmocka_run_group_tests(tests, NULL, NULL);	\
	}

#endif
