/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MOCK_VFIO_H
#define MOCK_VFIO_H

struct device;

/* Makes the VFIO device of a device; called from its driver's probe.  Returns 0 or a negative errno. */
int mock_vfio_add(struct device *dev);

#endif
