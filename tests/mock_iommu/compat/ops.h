/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MOCK_OPS_H
#define MOCK_OPS_H

#include <linux/iommu.h>

#include "since.h"

/* Old registration functions do not take a constant. */
extern struct iommu_ops mock_ops;

#endif
