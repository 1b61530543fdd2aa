// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-conform: report which parts of the 2022 series a kernel and its type1 backend have.
 *
 *	type1-conform -b stock|ng	"stock" is whatever is loaded as vfio_iommu_type1
 *
 * Prints one KTAP result a part, where "not ok" is "absent" and a skip "not observable", and for the host a line
 * "conform<TAB>key=value..." each.  Exits with 0 when every part got a verdict.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conform.h"

static const struct part *const parts[] = {
	&part_contract, &part_reuse, &part_ops, &part_coherency, &part_errors, &part_dirty_scope,
};

#define NR_PARTS	(sizeof(parts) / sizeof(parts[0]))

static const char *const verdict_names[] = {
	[PRESENT] = "present", [ABSENT] = "absent", [NOT_OBSERVABLE] = "not observable", [BROKEN] = "broken",
};

/* What a part's process found; shared with the runner. */
static struct finding {
	bool concluded;
	enum verdict verdict;
	char evidence[1024];
	char remark[512];
} *finding;

const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error < 0 ? -error : error) : "success";

	return name ?: "an unknown errno";
}

void conclude(enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(finding->evidence, sizeof(finding->evidence), fmt, ap);
	va_end(ap);
	finding->verdict = verdict;
	finding->concluded = true;
	_exit(0);
}

void remark(const char *fmt, ...)
{
	size_t n = strlen(finding->remark);
	va_list ap;

	if (n)
		n += snprintf(finding->remark + n, sizeof(finding->remark) - n, "; ");
	va_start(ap, fmt);
	vsnprintf(finding->remark + n, sizeof(finding->remark) - n, fmt, ap);
	va_end(ap);
}

static void run_in_process(const struct part *part)
{
	int status = -1;
	pid_t pid;

	memset(finding, 0, sizeof(*finding));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		watch_load();
		part->run();
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (module_loaded("ng_conform"))
		module_unload("ng_conform");
	if (finding->concluded && !status)
		return;
	finding->verdict = BROKEN;
	snprintf(finding->evidence, sizeof(finding->evidence),
		 "the experiment itself failed; the guest's results say where");
}

static void report(const struct part *part, unsigned int number)
{
	printf("conform\tpart=%s\tname=%s\ttitle=%s\tverdict=%s\tevidence=%s\tinstead=%s\tremark=%s\n",
	       part->id, part->name, part->title, verdict_names[finding->verdict], finding->evidence, part->instead,
	       finding->remark);
	fflush(stdout);
	if (finding->verdict == NOT_OBSERVABLE)
		ktap_skip(number, "conformance", part->name, finding->evidence);
	else
		ktap_result(finding->verdict == PRESENT, number, "conformance", part->name);
}

static bool environment_ready(void)
{
	struct container ct;
	int ret;

	env.module = env.backend == NG ? "vfio_type1_ng" : "vfio_iommu_type1";
	if (!module_loaded(env.module)) {
		ktap_diag("%s is not loaded", env.module);
		return false;
	}
	if (devices_find() < 2) {
		ktap_diag("two edu devices on vfio-pci are needed, the guest has %d", nr_devices);
		return false;
	}
	if (counters_start()) {
		ktap_diag("no kprobe events: calls cannot be counted");
		return false;
	}
	container_init(&ct);
	container_add(&ct, FIRST);
	ret = container_set_iommu(ct.fd, TYPE1V2);
	if (ret == -EPERM && !module_param_set(env.module, "allow_unsafe_interrupts", "Y"))
		ret = container_set_iommu(ct.fd, TYPE1V2);
	if (ret)
		ktap_diag("not even one group can be used: SET_IOMMU says %s", error_name(ret));
	container_close(&ct);
	return !ret;
}

int main(int argc, char **argv)
{
	bool ready, complete = true;
	unsigned int i;

	if (argc != 3 || strcmp(argv[1], "-b")) {
		fprintf(stderr, "usage: type1-conform -b stock|ng\n");
		return 2;
	}
	env.backend = strcmp(argv[2], "ng") ? STOCK : NG;
	finding = mmap(NULL, sizeof(*finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (finding == MAP_FAILED)
		return 2;
	ktap_header();
	ktap_plan(NR_PARTS);
	ready = environment_ready();
	for (i = 0; i < NR_PARTS; i++) {
		ktap_progress("%s", parts[i]->title);
		if (ready) {
			run_in_process(parts[i]);
		} else {
			finding->verdict = BROKEN;
			strcpy(finding->evidence, "the guest is not fit for experiments; its results say why");
		}
		complete &= finding->verdict != BROKEN;
		report(parts[i], i + 1);
	}
	counters_stop();
	return complete ? 0 : 1;
}
