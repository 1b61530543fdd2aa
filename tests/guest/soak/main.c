// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-soak: do everything at once, for a long time, and see that nothing is left of it (see
 * soak.h).
 *
 *	type1-soak [-s SEED] [-t SECONDS] [-e SECONDS] [-b stock|ng] [-c] [-H] [-x DEFECT]
 *
 *	-s  where the numbers begin (default 1; "fresh": somewhere); the same seed does the same,
 *	    as far as scheduling allows
 *	-t  how long (default 10)
 *	-e  how long between two looks at what is left (default 8)
 *	-b  the backend that is loaded (default ng)
 *	-c  attach, detach, map and unmap alone, at full speed (cycles.c)
 *	-H  leave the devices where they are
 *	-x  1 to 4: play a fault, to see it found (defects.c)
 *
 * Ends with "soak: seed SEED, ...", how often each thing succeeded and how often it was tried,
 * and exits with 0 if nothing was found.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../fuzz/seed.h"
#include "../lib/emulated.h"
#include "../lib/fault.h"
#include "../lib/ktap.h"
#include "../lib/vfio.h"
#include "soak.h"

static bool find_devices(struct soak_shared *shared)
{
	unsigned int i;

	devices_find();
	for (i = 0; i < (unsigned int)nr_devices && i < SOAK_DEVICES - EMULATED_DEVICES; i++)
		memcpy(shared->bdf[i], devices[i].bdf, sizeof(shared->bdf[i]));
	shared->nr_pci = i;
	shared->nr_devices = i;
	for (i = 0; i < EMULATED_DEVICES && emulated_group(i) >= 0; i++)
		shared->nr_devices++;
	if (!shared->nr_pci)
		ktap_diag("soak: no device is bound to vfio-pci");
	return shared->nr_pci;
}

static struct soak_shared *share(void)
{
	int fd = memfd_create("soak", 0), pair[2];
	struct soak_shared *shared;

	if (soak_keep_at(fd, SOAK_FD_SHARED) < 0 || ftruncate(SOAK_FD_SHARED, sizeof(*shared)))
		return NULL;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return NULL;
	soak_keep_at(pair[0], SOAK_FD_SEND);
	soak_keep_at(pair[1], SOAK_FD_RECEIVE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, SOAK_FD_SHARED, 0);
	return shared == MAP_FAILED ? NULL : shared;
}

static void print_counts(struct soak_shared *shared)
{
	static const char *const names[] = {
#define SOAK_NAME(id, name, weight) #name,
		SOAK_KINDS_OF(SOAK_NAME)
#undef SOAK_NAME
	};
	char line[2048];
	unsigned int i, n = 0;

	for (i = 0; i < SOAK_KINDS; i++)
		if (shared->tried[i])
			n += snprintf(line + n, sizeof(line) - n, ", %llu/%llu %s",
				      (unsigned long long)shared->done[i],
				      (unsigned long long)shared->tried[i], names[i]);
	ktap_diag("soak: seed %llu%s", (unsigned long long)shared->options.seed, n ? line : "");
}

static bool soak(struct soak_shared *shared)
{
	double end = soak_now() + shared->options.seconds;
	unsigned int number = 0;
	bool ok;

	do {
		ok = soak_epoch(shared, number++);
		ktap_progress("soak: %u epochs, %llu map, %llu unmap, %llu attach", number,
			      (unsigned long long)shared->done[SOAK_MAP],
			      (unsigned long long)shared->done[SOAK_UNMAP],
			      (unsigned long long)shared->done[SOAK_ATTACH]);
	} while (ok && soak_now() < end);
	if (!ok)
		ktap_diag("soak: found in epoch %u", number - 1);
	return ok;
}

static bool cycles(struct soak_shared *shared)
{
	double end = soak_now() + shared->options.seconds;
	bool ok;

	do {
		ok = soak_cycles(shared, shared->options.epoch_seconds);
		ktap_progress("soak: %llu map, %llu attach",
			      (unsigned long long)shared->done[SOAK_MAP],
			      (unsigned long long)shared->done[SOAK_ATTACH]);
	} while (ok && soak_now() < end);
	return ok;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: type1-soak [-cH] [-s seed] [-t seconds] [-e seconds] [-b stock|ng] "
		"[-x defect]\n");
	return 2;
}

static bool parse(struct soak_options *options, int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "s:t:e:b:cHx:")) != -1) {
		switch (opt) {
		case 's':
			options->seed = fuzz_seed_of(optarg);
			break;
		case 't':
			options->seconds = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			options->epoch_seconds = strtoul(optarg, NULL, 0);
			break;
		case 'b':
			options->stock = !strcmp(optarg, "stock");
			break;
		case 'c':
			options->cycles = true;
			break;
		case 'H':
			options->hotplug = false;
			break;
		case 'x':
			options->defect = strtoul(optarg, NULL, 0);
			break;
		default:
			return false;
		}
	}
	return options->epoch_seconds && options->defect < SOAK_DEFECTS;
}

int main(int argc, char **argv)
{
	struct soak_options options = {
		.seed = 1, .seconds = 10, .epoch_seconds = 8, .hotplug = true
	};
	struct soak_shared *shared;
	bool ok;

	if (argc > 1 && !strcmp(argv[1], "--actor"))
		return soak_actor_main(argc, argv);
	if (!parse(&options, argc, argv))
		return usage();
	shared = share();
	if (!shared) {
		perror("soak");
		return 2;
	}
	options.hotplug &= !options.stock;
	options.tight = soak_tight_prepare();
	shared->options = options;
	if (!find_devices(shared))
		return 2;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	soak_counts_start(shared);
	soak_play_defect(shared);
	ok = options.cycles ? cycles(shared) : soak(shared);
	fault_disarm();
	print_counts(shared);
	return ok ? 0 : 1;
}
