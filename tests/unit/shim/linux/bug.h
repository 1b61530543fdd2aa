/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_BUG_H
#define SHIM_BUG_H

#include <stdlib.h>

/* A warning in the kernel is a failed test here. */
#define WARN_ON_ONCE(condition) ({ if (condition) abort(); 0; })

#endif
