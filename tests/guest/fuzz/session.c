// SPDX-License-Identifier: GPL-2.0-only
/* Two sides for each script: new processes, new containers; and nothing may be left when they are gone. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/emulated.h"
#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "../lib/ktap.h"
#include "../lib/module.h"
#include "../lib/vfio.h"
#include "rules.h"
#include "session.h"

#define SCRIPT_SECONDS	120
#define CONTAINERS	"/sys/kernel/debug/vfio_type1_ng/containers"

const char *const fuzz_side_names[FUZZ_SIDES] = { "stock", "ours" };
const char *const fuzz_modules[FUZZ_SIDES] = { "vfio_iommu_type1", "vfio_type1_ng" };

/* --- a side, in its own process --- */

static void limit_memory(const struct fuzz_setup *setup)
{
	const struct rlimit limit = { setup->limit_pages * FUZZ_PAGE, setup->limit_pages * FUZZ_PAGE };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (!setup->limited || syscall(SYS_capget, &header, data))
		return;
	/* With CAP_SYS_RESOURCE left, limits can also be raised again. */
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	syscall(SYS_capset, &header, data);
}

static void side_main(struct fuzz_session *session, enum fuzz_which which)
{
	struct fuzz_side *side = &session->side[which];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(session->memfd[which], FUZZ_FD_MEMFD);
	dup2(session->hugetlb[which], FUZZ_FD_HUGETLB);
	dup2(session->device_memory, FUZZ_FD_DEVICE_MEMORY);
	fd = container_open();
	if (fd < 0)
		fuzz_broken(side->shared, "no container: %s", strerror(-fd));
	dup2(fd, FUZZ_FD_CONTAINER);
	close(fd);
	fuzz_side_map(side, true);
	limit_memory(&side->shared->script.setup);
	fuzz_side_run(side);
	_exit(0);
}

/* --- both sides --- */

static void set_parameters(struct fuzz_session *session, const struct fuzz_setup *setup)
{
	char text[16];
	unsigned int i;

	if (session->setup_done && session->setup.entry_limit == setup->entry_limit &&
	    session->setup.small_pages == setup->small_pages)
		return;
	snprintf(text, sizeof(text), "%u", setup->entry_limit);
	for (i = 0; i < FUZZ_SIDES; i++) {
		module_param_set(fuzz_modules[i], "dma_entry_limit", text);
		module_param_set(fuzz_modules[i], "disable_hugepages", setup->small_pages ? "Y" : "N");
	}
	session->setup = *setup;
	session->setup_done = true;
}

static void __attribute__((format(printf, 2, 3))) found(struct fuzz_shared *shared, const char *fmt, ...)
{
	va_list ap;

	if (shared->outcome == FUZZ_DIFFERENT || shared->outcome == FUZZ_BROKEN)
		return;
	va_start(ap, fmt);
	vsnprintf(shared->why, sizeof(shared->why), fmt, ap);
	va_end(ap);
	shared->symptom = (struct fuzz_symptom){};
	shared->outcome = FUZZ_DIFFERENT;
}

/* Both processes come to their end; if one does so in a bad way, or none does, all end. */
static void wait_for_sides(struct fuzz_shared *shared, const pid_t pids[FUZZ_SIDES])
{
	const struct timespec tick = { .tv_sec = 1 };
	time_t end = time(NULL) + SCRIPT_SECONDS;
	unsigned int left = FUZZ_SIDES, i;
	sigset_t set;
	int status;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while (left) {
		pid = waitpid(-1, &status, WNOHANG);
		if (!pid) {
			sigtimedwait(&set, NULL, &tick);
			if (time(NULL) < end)
				continue;
			found(shared, "the script does not end");
			status = 1;
			end += SCRIPT_SECONDS;
		} else if (pid < 0) {
			return;
		}
		left -= pid > 0;
		if (!status)
			continue;
		found(shared, "%s ended with status %#x", pid == pids[FUZZ_STOCK] ? "stock's process" : "ours's process", status);
		for (i = 0; i < FUZZ_SIDES; i++)
			kill(pids[i], SIGKILL);
	}
}

static long long pins_left(struct fuzz_session *session)
{
	struct pin_counts now;
	int tries;

	/* The last reference may go in a work queue. */
	for (tries = 0; tries < 10; tries++) {
		pin_counts_read(&now);
		if (now.acquired - session->pins.acquired == now.released - session->pins.released)
			break;
		usleep(20000);
	}
	now = (struct pin_counts){ now.acquired - session->pins.acquired, now.released - session->pins.released };
	session->pins.acquired += now.acquired;
	session->pins.released += now.released;
	return now.acquired - now.released;
}

/* Only the heading is left of our containers. */
static bool no_container_left(void)
{
	char text[512];
	int n = file_read(CONTAINERS, text, sizeof(text));

	return n > 0 && !strchr(text, '\n');
}

/* A warning that comes from stock's own code, where it is known to have lost something. */
static bool is_known_to_follow(const struct fuzz_shared *shared, const char *line)
{
	return shared->leaks && strstr(line, "WARNING:") && strstr(line, fuzz_modules[FUZZ_STOCK]);
}

static void look_for_leftovers(struct fuzz_session *session)
{
	struct fuzz_shared *shared = session->shared;
	long long pins = pins_left(session);
	char line[256];
	unsigned int i;

	while (kmsg_find(session->kmsg, kmsg_trouble, line, sizeof(line)))
		if (!is_known_to_follow(shared, line))
			found(shared, "kernel log: %s", line);
	if (pins && !shared->leaks)
		found(shared, "%lld pages stay pinned", pins);
	for (i = 0; i < FUZZ_SIDES; i++) {
		/* What it was at the last operation, which closes everything. */
		long long locked = shared->pages[i].meta.locked;

		if (locked && !(i == FUZZ_STOCK && shared->leaks))
			found(shared, "%s leaves %lld pages charged", fuzz_side_names[i], locked);
		if (module_use_count(fuzz_modules[i]))
			found(shared, "%s is still in use", fuzz_modules[i]);
	}
	if (!no_container_left())
		found(shared, "%s lists a container after all are closed", CONTAINERS);
}

/* Empty the file of an area again, so that it holds zeroes. */
static void empty(struct fuzz_shared *shared, int fd, enum fuzz_area area)
{
	if (ftruncate(fd, 0) || ftruncate(fd, fuzz_areas[area].bytes))
		fuzz_broken(shared, "the file of area %s: %s", fuzz_areas[area].name,
			    strerror(errno));
}

enum fuzz_outcome fuzz_session_run(struct fuzz_session *session, const struct fuzz_script *script)
{
	struct fuzz_shared *shared = session->shared;
	pid_t pids[FUZZ_SIDES];
	unsigned int i;

	memset(shared->pages, 0, sizeof(shared->pages));
	memset(shared->hits, 0, sizeof(shared->hits));
	shared->script = *script;
	shared->turn = FUZZ_STOCK;
	shared->outcome = FUZZ_RUNNING;
	shared->steps = 0;
	shared->done = 0;
	shared->ahead = 0;
	shared->alone_until = 0;
	shared->leaks = false;
	set_parameters(session, &script->setup);
	for (i = 0; i < FUZZ_SIDES; i++) {
		empty(shared, session->memfd[i], FUZZ_SHARED);
		if (session->hugetlb[i] >= 0)
			empty(shared, session->hugetlb[i], FUZZ_HUGETLB);
		pids[i] = fork();
		if (!pids[i])
			side_main(session, i);
	}
	wait_for_sides(shared, pids);
	if (shared->outcome == FUZZ_RUNNING)
		shared->outcome = FUZZ_SAME;
	look_for_leftovers(session);
	return shared->outcome;
}

/* --- the beginning --- */

static int keep(int fd, int number)
{
	if (fd < 0 || number < 0)
		return fd;
	dup2(fd, number);
	close(fd);
	return number;
}

static bool find_devices(struct fuzz_session *session, struct fuzz_profile *profile)
{
	unsigned int which, i;

	if (devices_find() < FUZZ_SIDES * FUZZ_EDUS) {
		ktap_diag("%d devices are needed on vfio-pci, there are %d", FUZZ_SIDES * FUZZ_EDUS, nr_devices);
		return false;
	}
	profile->emulated = emulated_group(FUZZ_SIDES - 1) >= 0;
	for (which = 0; which < FUZZ_SIDES; which++) {
		struct fuzz_side *side = &session->side[which];

		for (i = 0; i < FUZZ_EDUS; i++) {
			side->bdf[i] = devices[which * FUZZ_EDUS + i].bdf;
			side->group_number[i] = devices[which * FUZZ_EDUS + i].group;
		}
		side->group_number[FUZZ_EMULATED] = emulated_group(which);
		side->which = which;
		side->shared = session->shared;
		side->pages = &session->shared->pages[which];
	}
	return true;
}

/* A huge page for each side, if they can be had. */
static int make_hugetlb(void)
{
	const size_t bytes = fuzz_areas[FUZZ_HUGETLB].bytes;
	int fd = memfd_create("fuzz-hugetlb", MFD_CLOEXEC | MFD_HUGETLB);
	void *page = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, bytes))
		page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	munmap(page, bytes);
	return fd;
}

/* Of a device that neither side uses, if there is one. */
static int open_device_memory(void)
{
	char path[128];

	if (nr_devices <= FUZZ_SIDES * FUZZ_EDUS)
		return -1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0",
		 devices[FUZZ_SIDES * FUZZ_EDUS].bdf);
	return open(path, O_RDWR | O_CLOEXEC);
}

static void find_memory(struct fuzz_session *session)
{
	unsigned int i;

	for (i = 0; i < FUZZ_SIDES; i++) {
		session->memfd[i] = memfd_create("fuzz-area", MFD_CLOEXEC);
		session->hugetlb[i] = make_hugetlb();
		if (session->hugetlb[i] < 0)
			ktap_diag("no hugetlb pages for %s", fuzz_side_names[i]);
	}
	session->device_memory = open_device_memory();
	if (session->device_memory < 0)
		ktap_diag("no device whose registers could be mapped");
}

static bool backends_are_ready(void)
{
	unsigned int i;

	for (i = 0; i < FUZZ_SIDES; i++) {
		if (!module_loaded(fuzz_modules[i])) {
			ktap_diag("%s: %s is not loaded", fuzz_side_names[i], fuzz_modules[i]);
			return false;
		}
		module_param_set(fuzz_modules[i], "allow_unsafe_interrupts", "Y");
	}
	if (!module_loaded("ng_pick")) {
		ktap_diag("ng_pick is not loaded: which backend serves would be left to chance");
		return false;
	}
	return true;
}

/* By the first device of its side. */
static int facts_of_stock(void)
{
	int container = container_open(), group = group_open(devices[FUZZ_STOCK * FUZZ_EDUS].group), facts;

	facts = module_param_set("ng_pick", "serve", "1");
	if (!facts)
		facts = container_begin(container, group, VFIO_TYPE1v2_IOMMU);
	if (!facts)
		facts = facts_of_type1(container);
	close(group);
	close(container);
	return facts;
}

bool fuzz_session_start(struct fuzz_session *session, struct fuzz_profile *profile)
{
	sigset_t set;
	int fd, facts;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = keep(memfd_create("fuzz-shared", 0), FUZZ_FD_SHARED);
	if (fd < 0 || ftruncate(fd, sizeof(*session->shared)))
		return false;
	session->shared = mmap(NULL, sizeof(*session->shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (session->shared == MAP_FAILED || !backends_are_ready() || !find_devices(session, profile))
		return false;
	find_memory(session);
	facts = facts_of_stock();
	if (facts < 0) {
		ktap_diag("what the stock module does cannot be found out: %s", strerror(-facts));
		return false;
	}
	session->shared->facts = facts;
	profile->old = !(facts & FACT_UNMAPS_ALL);
	session->kmsg = kmsg_open();
	pin_counts_read(&session->pins);
	return true;
}
