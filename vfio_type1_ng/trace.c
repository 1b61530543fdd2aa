// SPDX-License-Identifier: GPL-2.0-only
/* The code of the trace events. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
