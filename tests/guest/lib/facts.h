/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel under test is like, as it shows itself.
 *
 * Its number does not tell: distributions keep an old one and bring in what is newer. So what a test depends on is asked of the
 * headers that the modules were built with, of the kernel's symbols, or of the type1 module, by a call.
 */
#ifndef NG_FACTS_H
#define NG_FACTS_H

#include <stdbool.h>

/*
 * Did compat/probes/ find this in the headers? "DOMAIN_OWNER" for HAVE_DOMAIN_OWNER. Without headers, see guest_lacks(); ends the
 * program if nobody wrote it down.
 */
bool headers_have(const char *what);

/* Were there headers? */
bool headers_are_known(void);

/* Has the kernel, or a module that is loaded, a function of this name? */
bool kernel_has_function(const char *name);

/* With which errnos IOMMU drivers say that a domain and a device do not fit. Both: nobody knows. */
enum attach_errnos {
	ERRNOS_OF_EACH_DRIVER = 1,	/* each has a mind of its own */
	ERRNOS_DOCUMENTED = 2,		/* EINVAL */
};

unsigned int attach_errnos(void);

/* Bits. What a difference (differences.def) ends with has its name there. */
enum fact {
	FACT_BY_VERSION = 0,		/* none: see differences.def */

	/* Of the type1 module. */
	FACT_UNMAPS_ALL = 0x1,		/* VFIO_UNMAP_ALL, and what came with it */
	FACT_UPDATES_VADDR = 0x2,	/* VFIO_UPDATE_VADDR */
	FACT_REACHES_THE_TOP = 0x4,	/* ranges end at 2^64 - 1, and EOVERFLOW is for those that wrap */
	FACT_NO_NESTING = 0x8,
	FACT_INFO_IS_WHOLE = 0x10,	/* GET_INFO writes all of its structure */
	FACT_CAPS_ARE_ALIGNED = 0x20,	/* to 8 bytes */
	FACT_OTHERS_UNMAP = 0x40,	/* not only the process that has mapped */

	/* Of the memory management, as the type1 module uses it: pins never hold the zero page. */
	FACT_PINS_OWN_PAGES = 0x80,

	FACTS_OF_TYPE1 = 0xff,

	/* Of the IOMMU core: only tests with the mock ask for it. */
	FACT_CORE_TAKES_HOME = 0x100,		/* a group that was refused is put back */
	FACT_CORE_SPARES_THE_REFUSER = 0x200,	/* but for the device that was refused, which is thought to have stayed */
};

/*
 * The facts of a type1 module, by a container that it serves and that has an IOMMU, and no mapping. Leaves it so.
 * Returns bits, or -errno if something could not be asked.
 */
int facts_of_type1(int container);

#endif
