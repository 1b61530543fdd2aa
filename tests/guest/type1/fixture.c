// SPDX-License-Identifier: GPL-2.0-only
/* What tests share: expectations, containers with groups, processes, limits. */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/file.h"
#include "test.h"


struct environment env;

/* "-22 EINVAL" for errors, the number alone otherwise. */
static const char *value_name(long long value, char *buf, size_t size)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np(-value) : NULL;

	if (name)
		snprintf(buf, size, "-%s", name);
	else
		snprintf(buf, size, "%lld", value);
	return buf;
}

static void __attribute__((noreturn)) failed(const char *file, int line, const char *what,
					     const char *expected, long long got)
{
	const char *base = strrchr(file, '/');
	char text[32];

	ktap_diag("%s:%d: %s: expected %s, got %s", base ? base + 1 : file, line, what, expected,
		  value_name(got, text, sizeof(text)));
	_exit(EXIT_FAILED);
}

long long test_ok(const char *file, int line, const char *what, long long got)
{
	if (got < 0)
		failed(file, line, what, "success", got);
	return got;
}

void test_fails(const char *file, int line, const char *what, int err, long long got)
{
	char text[32];

	if (!err)
		test_ok(file, line, what, got);
	else if (got != -err)
		failed(file, line, what, value_name(-err, text, sizeof(text)), got);
}

void test_eq(const char *file, int line, const char *what, long long got, long long want)
{
	char text[32];

	if (got != want)
		failed(file, line, what, value_name(want, text, sizeof(text)), got);
}

void test_true(const char *file, int line, const char *what, bool cond)
{
	if (!cond)
		failed(file, line, what, "true", 0);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;
	FILE *f;

	/* The runner takes the reason from there. */
	f = fopen(SKIP_FILE, "we");
	if (f) {
		va_start(ap, fmt);
		vfprintf(f, fmt, ap);
		va_end(ap);
		fclose(f);
	}
	_exit(EXIT_SKIPPED);
}

void test_same_on_both(const char *key, const char *fmt, ...)
{
	char path[128], now[1024], then[1024];
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(now, sizeof(now), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "/tmp/type1-test.stock.%s", key);
	if (env.backend == STOCK) {
		f = fopen(path, "we");
		if (f) {
			fputs(now, f);
			fclose(f);
		}
		return;
	}
	if (file_read(path, then, sizeof(then)) < 0)
		return;		/* stock did not run in this guest */
	if (strcmp(now, then)) {
		ktap_diag("%s: stock shows \"%s\", ours \"%s\"", key, then, now);
		_exit(EXIT_FAILED);
	}
}

/* --- differences --- */

/* Rows about attaching follow what the backend has of the series, whoever made it. */
static bool is_as_ours(enum difference id)
{
	switch (id) {
	case DIFF_HARD_JOIN_IS_REPORTED:
		return env.series.reports_errors;
	case DIFF_FRESH_TRY_FIRST:
		return env.series.reuses_first;
	default:
		return env.backend == NG;
	}
}

long long difference_value(enum difference id)
{
	static const struct {
		int until;		/* 0: stock always differs */
		enum fact fact;
		long long stock, ours;
	} table[] = {
#define BEFORE(major, minor, fact)	KERNEL(major, minor), FACT_##fact
#define EVERY				0, FACT_BY_VERSION
#define DIFFERENCE(name, kernels, stock, ours, seen, sentence) { kernels, stock, ours },
#include "../differences.def"
#undef DIFFERENCE
	};

	if (is_as_ours(id))
		return table[id].ours;
	if (table[id].fact != FACT_BY_VERSION)
		return env.facts & table[id].fact ? table[id].ours : table[id].stock;
	return table[id].until && env.kernel >= table[id].until ? table[id].ours : table[id].stock;
}

struct attach_cost attach_cost(unsigned int groups)
{
	if (env.series.reuses_first)
		return (struct attach_cost){ .allocs = 1, .attaches = groups };
	return (struct attach_cost){
		.allocs = groups,
		.attaches = 2 * groups - 1,
		.detaches = groups - 1,
		.frees = groups - 1,
	};
}

/* --- containers --- */

void container_init(struct container *ct)
{
	int i;

	ct->fd = OK(container_open());
	for (i = 0; i < MAX_DEVICES; i++)
		ct->group[i] = -1;
}

int container_try_add(struct container *ct, int device)
{
	int fd, ret;

	fd = OK(group_open(devices[device].group));
	ret = group_set_container(fd, ct->fd);
	if (ret) {
		close(fd);
		return ret;
	}
	ct->group[device] = fd;
	return 0;
}

void container_add(struct container *ct, int device)
{
	OK(container_try_add(ct, device));
}

void container_make(struct container *ct, int first, int nr, int type)
{
	int i;

	NEED_DEVICES(first + nr);
	container_init(ct);
	for (i = 0; i < nr; i++)
		container_add(ct, first + i);
	OK(container_set_iommu(ct->fd, type));
}

void container_remove(struct container *ct, int device)
{
	OK(group_unset_container(ct->group[device]));
	close(ct->group[device]);
	ct->group[device] = -1;
}

void container_close(struct container *ct)
{
	int i;

	for (i = 0; i < MAX_DEVICES; i++)
		if (ct->group[i] >= 0)
			close(ct->group[i]);
	close(ct->fd);
}

void container_edu(struct container *ct, int device, struct edu *edu)
{
	OK(edu_open(edu, ct->group[device], devices[device].bdf));
}

unsigned int container_mappings(struct container *ct)
{
	struct type1_info info;
	char limit[32];

	OK(type1_get_info(ct->fd, &info));
	TRUE(info.has_avail);
	OK(module_param_get(env.module, "dma_entry_limit", limit, sizeof(limit)));
	return strtoul(limit, NULL, 10) - info.avail;
}

static void arm(const struct fault_rule *rules, int nr_rules)
{
	int ret = fault_arm(rules, nr_rules);

	if (ret == -ENOENT)
		test_skip("no ng_fault.ko, or this kernel has no %s()", rules[0].func);
	OK(ret);
}

void fault(const char *func, unsigned int nth, unsigned int count, int err)
{
	const struct fault_rule rule = { func, nth, count, err };

	arm(&rule, 1);
}

void fault2(struct fault_rule first, struct fault_rule second)
{
	const struct fault_rule rules[] = { first, second };

	arm(rules, 2);
}

void need_faults(void)
{
	const struct fault_rule rule = fault_join_incompatible();

	arm(&rule, 1);
	fault_disarm();
}

struct fault_rule fault_join_incompatible(void)
{
	return (struct fault_rule){
		.func = "iommu_attach_group",
		.nth = 1 + DIFF(FRESH_TRY_FIRST),
		.count = 1,
		.err = -env.series.incompatible,
	};
}

void container_two_domains(struct container *ct, int first, int second)
{
	const struct fault_rule rule = fault_join_incompatible();

	NEED_DEVICES(second + 1);
	container_make(ct, first, 1, TYPE1V2);
	arm(&rule, 1);
	container_add(ct, second);
	EQ(fault_hits(0), 1);
	fault_disarm();
}

/* --- processes --- */

pid_t process_start(void (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	TRUE(pid >= 0);
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	return pid;
}

void process_join(pid_t pid)
{
	int status = -1;

	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

void limit_locked_pages(unsigned long pages)
{
	const struct rlimit limit = { pages * PAGE, pages * PAGE };

	OK(setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0);
}

void drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	OK(syscall(SYS_capget, &header, data) ? -errno : 0);
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	data[0].inheritable &= ~(1u << CAP_IPC_LOCK);
	OK(syscall(SYS_capset, &header, data) ? -errno : 0);
}
