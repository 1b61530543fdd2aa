/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters, named as those of vfio_iommu_type1. */
#ifndef NG_PARAMS_H
#define NG_PARAMS_H

#include <linux/types.h>

extern bool ng_allow_unsafe_interrupts;	/* read at each attach */
extern bool ng_disable_hugepages;	/* read while mappings are filled */
extern unsigned int ng_dma_entry_limit;	/* read when a container is opened */

#endif
