// SPDX-License-Identifier: GPL-2.0-only
/* For this module iommu_emt translates. */
#include "caller.h"
