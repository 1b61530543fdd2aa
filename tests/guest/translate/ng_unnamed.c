// SPDX-License-Identifier: GPL-2.0-only
/* For this module nobody translates. */
#include "caller.h"
