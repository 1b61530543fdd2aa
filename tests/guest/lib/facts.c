// SPDX-License-Identifier: GPL-2.0-only
/* Facts of the kernel under test; see facts.h. */
#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"
#include "file.h"
#include "ktap.h"
#include "memory.h"
#include "vfio.h"

#define PROBES	"/usr/share/vfio-type1-ng/probes.h"	/* tests/vm/mkinitramfs puts it there */

bool headers_are_known(void)
{
	return !access(PROBES, R_OK);
}

bool headers_have(const char *what)
{
	char text[8192], line[128];

	if (!headers_are_known())
		guest_lacks("no headers of this kernel, which say what it has");
	if (file_read(PROBES, text, sizeof(text)) <= 0 || !strstr(text, "HAVE_")) {
		ktap_diag("%s is missing: what the headers have cannot be told", PROBES);
		exit(1);
	}
	/* Whatever is asked must be a probe's name. */
	snprintf(line, sizeof(line), "/* HAVE_%s is not set */", what);
	if (strstr(text, line))
		return false;
	snprintf(line, sizeof(line), "#define HAVE_%s 1", what);
	if (!strstr(text, line)) {
		ktap_diag("%s: there is no such probe in compat/probes", what);
		exit(1);
	}
	return true;
}

bool kernel_has_function(const char *name)
{
	const size_t length = strlen(name);
	char line[512], symbol[256];
	bool found = false;
	FILE *f;

	f = fopen("/proc/kallsyms", "re");
	/* What the compiler made of a function has a dot and more behind its name. */
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*[tTwW] %255s", symbol) == 1 && !strncmp(symbol, name, length) &&
			(!symbol[length] || symbol[length] == '.');
	if (f)
		fclose(f);
	return found;
}

/* As compat/iommu.h, which says why. */
unsigned int attach_errnos(void)
{
	const bool before = headers_have("DOMAIN_DETACH_DEV"), after = headers_have("CAP_ENFORCE_CACHE_COHERENCY");

	return (before || !after ? ERRNOS_OF_EACH_DRIVER : 0) | (after || !before ? ERRNOS_DOCUMENTED : 0);
}

/* --- of a type1 module --- */

static bool refuses_a_wrapping_range_by_its_name(int container)
{
	return dma_unmap(container, -(uint64_t)PAGE, 2 * PAGE) == -EOVERFLOW;
}

/* All 24 bytes of the structure, or fewer; and the room that the capabilities need. */
static int facts_of_info(int container)
{
	union {
		struct vfio_iommu_type1_info info;
		uint8_t bytes[24];
	} arg;
	const uint8_t canary = 0xa5;
	int ret, facts = 0;

	memset(&arg, canary, sizeof(arg));
	arg.info.argsz = sizeof(arg);
	ret = raw_ioctl(container, VFIO_IOMMU_GET_INFO, &arg);
	if (ret < 0)
		return ret;
	if (arg.bytes[sizeof(arg) - 1] != canary)
		facts |= FACT_INFO_IS_WHOLE;
	if (arg.info.argsz % 8 == 0)
		facts |= FACT_CAPS_ARE_ALIGNED;
	return facts;
}

/* What becomes of memory that nobody wrote to when it is pinned for reading. */
static int pins_own_pages(int container, uint64_t iova)
{
	uint8_t *area = memory_untouched_page();
	int zero, ret;

	if (!area)
		return -ENOMEM;
	ret = dma_map(container, area, iova, PAGE, DMA_READ);
	zero = ret < 0 ? ret : memory_is_zero_page(area);
	if (ret >= 0 && dma_unmap(container, iova, PAGE) < 0)
		zero = -EIO;
	munmap(area, PAGE);
	return zero < 0 ? zero : !zero;
}

/* Does a process find the mapping that its parent has made?  What it does not find, the parent unmaps. */
static int others_unmap(int container, uint64_t iova)
{
	uint8_t *area = memory_small_pages(PAGE);
	int status = -1, ret;
	pid_t pid;

	if (!area)
		return -ENOMEM;
	ret = dma_map(container, area, iova, PAGE, DMA_RW);
	if (ret < 0) {
		munmap(area, PAGE);
		return ret;
	}
	pid = fork();
	if (!pid)
		_exit(dma_unmap(container, iova, PAGE) == (int64_t)PAGE ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		ret = -ECHILD;
	else
		ret = WEXITSTATUS(status);
	if (ret != 1 && dma_unmap(container, iova, PAGE) != (int64_t)PAGE)
		ret = -EIO;
	munmap(area, PAGE);
	return ret;
}

int facts_of_type1(int container)
{
	int facts = facts_of_info(container), own, others;
	struct type1_info info;
	uint64_t iova;

	if (facts < 0 || type1_get_info(container, &info))
		return facts < 0 ? facts : -EPROTO;
	iova = info.nr_ranges ? info.range[0].first : 0;
	own = pins_own_pages(container, iova);
	others = own < 0 ? own : others_unmap(container, iova);
	if (others < 0)
		return others;
	if (own)
		facts |= FACT_PINS_OWN_PAGES;
	if (others)
		facts |= FACT_OTHERS_UNMAP;
	if (container_check_extension(container, VFIO_UNMAP_ALL) > 0)
		facts |= FACT_UNMAPS_ALL;
	if (container_check_extension(container, VFIO_UPDATE_VADDR) > 0)
		facts |= FACT_UPDATES_VADDR;
	if (container_check_extension(container, VFIO_TYPE1_NESTING_IOMMU) <= 0)
		facts |= FACT_NO_NESTING;
	if (refuses_a_wrapping_range_by_its_name(container))
		facts |= FACT_REACHES_THE_TOP;
	return facts;
}
