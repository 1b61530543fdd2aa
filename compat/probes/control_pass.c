// SPDX-License-Identifier: GPL-2.0-only
/* Must compile with any usable tool chain. */
#include <linux/module.h>
