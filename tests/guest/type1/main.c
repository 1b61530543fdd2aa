// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-test: run the type1 tests against one backend, in the guest.
 *
 *	type1-test -b stock|ng [-o] [-f glob] [-n first number]
 *	type1-test -l [-f glob]		names only
 *	type1-test -c [-f glob]		how many
 *	type1-test -d			the intended differences, one a line
 *
 * With -o, what the backend has of the 2022 series is tried out first (see series.h); without, stock has nothing of it.
 *
 * A glob may be several, as in "@(attach_*|dma_*)".
 *
 * Prints KTAP result lines without header and plan: the suite that runs it
 * for several backends knows the total. Exits with 0 when every test passed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/file.h"
#include "../lib/kmsg.h"
#include "../lib/mmap-hold.h"
#include "test.h"

#define DEFAULT_SECONDS	60

static struct test *tests, **tests_end = &tests;

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

/* What must be the same before and after a test. */
struct traces {
	struct counts counts;
	struct pin_counts pins;
	int use_count;
	int kmsg;
};

static void traces_take(struct traces *traces)
{
	counters_read(&traces->counts);
	pin_counts_read(&traces->pins);
	traces->use_count = module_use_count(env.module);
	traces->kmsg = kmsg_open();
}

static bool traces_pins_balance(const struct traces *before)
{
	struct pin_counts now;
	int tries;

	/* Pages are unpinned late when the last reference is dropped from a work queue. */
	for (tries = 0; tries < 10; tries++) {
		pin_counts_read(&now);
		if (now.acquired - before->pins.acquired == now.released - before->pins.released)
			return true;
		usleep(20000);
	}
	ktap_diag("pinned pages: %lld acquired, %lld released",
		  now.acquired - before->pins.acquired, now.released - before->pins.released);
	return false;
}

static bool traces_domains_balance(const struct traces *before)
{
	unsigned long long allocs = counters_since(&before->counts, COUNT_ALLOC);
	unsigned long long frees = counters_since(&before->counts, COUNT_FREE);
	unsigned long long attaches = counters_since(&before->counts, COUNT_ATTACH);
	unsigned long long detaches = counters_since(&before->counts, COUNT_DETACH);

	if (allocs == frees)
		return true;
	ktap_diag("domains: %llu allocated, %llu freed (%llu attaches, %llu detaches)",
		  allocs, frees, attaches, detaches);
	return false;
}

/* Did the test leave everything as it was? Says what not. */
static bool traces_gone(const struct test *test, struct traces *before)
{
	char line[512];
	bool ok = true;
	int users;

	ok &= test->domains_differ || traces_domains_balance(before);
	ok &= test->pins_differ || traces_pins_balance(before);
	users = module_use_count(env.module);
	if (users != before->use_count || users) {
		ktap_diag("%s: use count %d, was %d", env.module, users, before->use_count);
		ok = false;
	}
	while (before->kmsg >= 0 && kmsg_find(before->kmsg, kmsg_trouble, line, sizeof(line))) {
		ktap_diag("kernel log: %s", line);
		ok = false;
	}
	if (before->kmsg >= 0)
		close(before->kmsg);
	return ok;
}

static void parameters_reset(void)
{
	module_param_set(env.module, "allow_unsafe_interrupts", env.interrupt_remapping ? "N" : "Y");
	module_param_set(env.module, "disable_hugepages", "N");
	module_param_set(env.module, "dma_entry_limit", "65535");
}

/* The runner goes on without, a test that asks does not. */
static bool is_test;

void guest_lacks(const char *what)
{
	if (is_test)
		test_skip("%s", what);
}

static void __attribute__((noreturn)) child(const struct test *test)
{
	is_test = true;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	test->run();

	/* Files close in no special order, as when a program just ends. */
	syscall(SYS_close_range, 3, ~0U, 0);
	if (locked_pages()) {
		ktap_diag("VmLck: %lld pages stay charged", locked_pages());
		_exit(1);
	}
	_exit(0);
}

static void sleep_until_child_or(const struct timespec *left)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, left);
}

/* As the host told the guest. */
unsigned int test_slowness(void)
{
	const char *text = getenv("NG_SLOW");
	int times = text ? atoi(text) : 1;

	return times > 1 ? times : 1;
}

/* Wait status of the test, or -1 when it had to be killed. */
static int wait_limited(pid_t pid, unsigned int seconds)
{
	const struct timespec tick = { .tv_nsec = 200000000 };
	time_t end = time(NULL) + seconds;
	bool killed = false;
	int status;
	pid_t got;

	for (;;) {
		got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return killed ? -1 : status;
		if (time(NULL) > end && !killed) {
			ktap_diag("not done after %u s: killed", seconds);
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			killed = true;
			end += 10;
		} else if (time(NULL) > end) {
			ktap_diag("cannot be killed");
			return -1;
		}
		sleep_until_child_or(&tick);
	}
}

/* Orphans of a test become children of the runner, which is their subreaper. */
static void kill_children(void)
{
	char path[64], list[4096], *p = list, *end;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (file_read(path, list, sizeof(list)) < 0)
		return;
	for (;; p = end) {
		pid = strtol(p, &end, 10);
		if (end == p)
			return;
		kill(pid, SIGKILL);
	}
}

/* Processes the test left behind would use the module during the next one. */
static void reap_leftovers(void)
{
	int tries;

	for (tries = 0; tries < 500 && waitpid(-1, NULL, WNOHANG) >= 0; tries++) {
		kill_children();
		usleep(2000);
	}
}

static bool run(const struct test *test, unsigned int number, const char *prefix)
{
	struct traces before;
	char why[256];
	int status;
	pid_t pid;
	bool ok;

	if (env.backend == STOCK && test->not_on_stock) {
		ktap_skip(number, prefix, test->name, test->not_on_stock);
		return true;
	}
	unlink(SKIP_FILE);
	testbed_reset();
	traces_take(&before);
	pid = fork();
	if (!pid)
		child(test);
	status = wait_limited(pid, (test->seconds ? test->seconds : DEFAULT_SECONDS) * test_slowness());
	mmap_let_go();
	reap_leftovers();
	fault_disarm();
	memory_hugetlb_release();
	/* The test may have loaded the module anew. */
	parameters_reset();

	if (status > 0 && WIFSIGNALED(status))
		ktap_diag("ended by signal %d", WTERMSIG(status));
	ok = traces_gone(test, &before);
	ok &= testbed_clean();
	if (ok && status > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
		file_read(SKIP_FILE, why, sizeof(why));
		ktap_skip(number, prefix, test->name, why);
		return true;
	}
	ok &= !status;
	ktap_result(ok, number, prefix, test->name);
	return ok;
}

/* Without interrupt remapping SET_IOMMU is EPERM until the parameter allows it. */
static bool probe_interrupt_remapping(void)
{
	int ct, group, ret;

	module_param_set(env.module, "allow_unsafe_interrupts", "N");
	ct = container_open();
	group = group_open(devices[0].group);
	ret = container_begin(ct, group, TYPE1V2);
	close(group);
	close(ct);
	return ret != -EPERM;
}

/* By the first device, which only has to be attached. */
static bool find_facts(void)
{
	int ct, group, facts;

	module_param_set(env.module, "allow_unsafe_interrupts", "Y");
	ct = container_open();
	group = group_open(devices[0].group);
	facts = container_begin(ct, group, TYPE1V2);
	if (!facts)
		facts = facts_of_type1(ct);
	close(group);
	close(ct);
	if (facts < 0) {
		ktap_diag("what %s does cannot be found out: %s", env.module, strerror(-facts));
		return false;
	}
	env.facts |= facts;
	ktap_diag("facts: 0x%x, attach errnos: 0x%x", env.facts, headers_are_known() ? attach_errnos() : 0);
	return true;
}

static bool environment_ready(void)
{
	struct utsname uts;
	int major = 0, minor = 0;

	uname(&uts);
	if (sscanf(uts.release, "%d.%d", &major, &minor) != 2)
		return false;
	env.kernel = KERNEL(major, minor);
	env.module = env.backend == NG ? "vfio_type1_ng" : "vfio_iommu_type1";
	if (!module_loaded(env.module)) {
		ktap_diag("%s is not loaded", env.module);
		return false;
	}
	if (module_loaded(env.backend == NG ? "vfio_iommu_type1" : "vfio_type1_ng")) {
		ktap_diag("the other backend is loaded too");
		return false;
	}
	if (testbed_find() < 1) {
		ktap_diag("no device for the tests is bound to VFIO");
		return false;
	}
	if (counters_start())
		ktap_diag("no kprobe events: calls are not counted");
	memory_hugetlb_remember();
	env.interrupt_remapping = probe_interrupt_remapping();
	if (!find_facts())
		return false;
	parameters_reset();
	return true;
}

static void print_differences(void)
{
#define DIFFERENCE(name, kernels, stock, ours, seen, sentence) \
	printf("%s\t%s\n", #name, sentence);
#include "../differences.def"
#undef DIFFERENCE
}

static int run_all(const char *glob, unsigned int number, const char *prefix, bool observe)
{
	bool ready = environment_ready();
	const struct test *test;
	unsigned int bad = 0;
	sigset_t set;

	env.series = env.backend == NG ? series_of_ours : series_of_stock;
	if (ready && observe)
		env.series = series_observe();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (test = tests; test; test = test->next) {
		if (fnmatch(glob, test->name, FNM_EXTMATCH))
			continue;
		if (!ready) {
			ktap_result(false, number++, prefix, test->name);
			bad++;
			continue;
		}
		bad += !run(test, number++, prefix);
	}
	if (ready)
		counters_stop();
	return bad ? 1 : 0;
}

static int count_or_list(const char *glob, bool list)
{
	const struct test *test;
	unsigned int n = 0;

	for (test = tests; test; test = test->next) {
		if (fnmatch(glob, test->name, FNM_EXTMATCH))
			continue;
		n++;
		if (list)
			puts(test->name);
	}
	if (!list)
		printf("%u\n", n);
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: type1-test -b stock|ng [-o] [-f glob] [-n first] | -l | -c | -d\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *glob = "*", *backend = NULL;
	unsigned int first = 1;
	bool observe = false;
	int opt, mode = 0;

	if (argc > 1 && !strcmp(argv[1], "--exec-helper"))
		return exec_helper(argc, argv);
	while ((opt = getopt(argc, argv, "b:of:n:lcd")) != -1) {
		switch (opt) {
		case 'b':
			backend = optarg;
			break;
		case 'o':
			observe = true;
			break;
		case 'f':
			glob = optarg;
			break;
		case 'n':
			first = strtoul(optarg, NULL, 10);
			break;
		case 'l':
		case 'c':
		case 'd':
			mode = opt;
			break;
		default:
			return usage();
		}
	}
	if (mode == 'd') {
		print_differences();
		return 0;
	}
	if (mode)
		return count_or_list(glob, mode == 'l');
	if (!backend || (strcmp(backend, "stock") && strcmp(backend, "ng")))
		return usage();
	env.backend = strcmp(backend, "ng") ? STOCK : NG;
	return run_all(glob, first, backend, observe);
}
