// SPDX-License-Identifier: GPL-2.0-only
/* Watching our backend at work: what the manual page tells operators to look at exists, and looking is in nobody's way. */
#define _GNU_SOURCE
#include <ctype.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/file.h"
#include "emulated.h"

#define NOT_ON_STOCK	"stock shows nothing"
#define MANUAL		"/usr/share/vfio-type1-ng/vfio_type1_ng.4"
#define EVENTS		"/sys/kernel/tracing/events/"
#define CONTAINERS	"/sys/kernel/debug/vfio_type1_ng/containers"

/* --- the one-liners of the manual --- */

#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyz0123456789_"

/* Takes the name that follows a prefix at *at, which moves behind it. */
static bool take_name(const char **at, const char *prefix, char *name, size_t size)
{
	size_t skip = strlen(prefix), len;

	if (strncmp(*at, prefix, skip))
		return false;
	len = strspn(*at + skip, NAME_CHARS);
	TRUE(len > 0 && len < size);
	memcpy(name, *at + skip, len);
	name[len] = '\0';
	*at += skip + len;
	return true;
}

/* All of them, read once: the kernel makes the list anew for each reader, which takes seconds under emulation. */
static const char *kernel_symbols(void)
{
	static char *symbols;
	size_t size = 0;
	FILE *f;

	if (symbols)
		return symbols;
	f = fopen("/proc/kallsyms", "re");
	TRUE(f);
	TRUE(getdelim(&symbols, &size, '\0', f) > 0);
	fclose(f);
	return symbols;
}

static bool is_symbol(char type, const char *name)
{
	char text[96];
	size_t len = snprintf(text, sizeof(text), " %c %s", type, name);
	const char *at;

	TRUE(len < sizeof(text));
	for (at = strstr(kernel_symbols(), text); at; at = strstr(at + len, text))
		if (isspace(at[len]))
			return true;
	return false;
}

static bool is_kernel_function(const char *name)
{
	return is_symbol('t', name) || is_symbol('T', name);
}

static void read_format(const char *system, const char *event, char *format, size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), EVENTS "%s/%s/format", system, event);
	if (file_read(path, format, size) >= 0)
		return;
	ktap_diag("the manual names tracepoint %s:%s, which does not exist", system, event);
	TRUE(!"the tracepoint exists");
}

static void expect_field(const char *format, const char *event, const char *name)
{
	char scalar[72], array[72];

	snprintf(scalar, sizeof(scalar), " %s;", name);
	snprintf(array, sizeof(array), " %s[", name);
	if (strstr(format, scalar) || strstr(format, array))
		return;
	ktap_diag("the manual names field %s of %s, which has none", name, event);
	TRUE(!"the tracepoint has the field");
}

/* Looks for every name in a line of bpftrace. Returns how many there were. */
static int check_one_liner(const char *line)
{
	char format[4096] = "", system[64], name[64] = "";
	const char *at = line;
	int names = 0;

	while (*at) {
		if (take_name(&at, "tracepoint:", system, sizeof(system))) {
			TRUE(take_name(&at, ":", name, sizeof(name)));
			read_format(system, name, format, sizeof(format));
		} else if (take_name(&at, "args->", system, sizeof(system))) {
			expect_field(format, name, system);
		} else if (take_name(&at, "kretprobe:", system, sizeof(system)) ||
			   take_name(&at, "kprobe:", system, sizeof(system))) {
			if (!is_kernel_function(system))
				ktap_diag("the manual names function %s, which does not exist", system);
			TRUE(is_kernel_function(system));
		} else {
			at++;
			continue;
		}
		names++;
	}
	return names;
}

TEST(manual_names_what_can_be_traced, .not_on_stock = NOT_ON_STOCK)
{
	FILE *f = fopen(MANUAL, "re");
	int one_liners = 0;
	char line[1024];

	TRUE(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strstr(line, "bpftrace -e"))
			continue;
		TRUE(check_one_liner(line) > 0);
		one_liners++;
	}
	fclose(f);
	TRUE(one_liners >= 8);
}

/* --- readers hold up nobody --- */

#define MANY	60000
#define SAMPLES	60

/* A thread that looks over and over, and when. */
struct reader {
	atomic_uint begun, ended;	/* how many looks */
	_Atomic uint64_t ended_ns;	/* when the last one was over */
	atomic_bool stop;
	pthread_t thread;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec then = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}

static void look(void)
{
	char text[4096];

	OK(file_read(CONTAINERS, text, sizeof(text)));
}

static void *look_over_and_over(void *arg)
{
	struct reader *reader = arg;

	while (!atomic_load(&reader->stop)) {
		atomic_fetch_add(&reader->begun, 1);
		look();
		atomic_store(&reader->ended_ns, now_ns());
		atomic_fetch_add(&reader->ended, 1);
	}
	return NULL;
}

/* How long one look takes when nothing disturbs it. */
static uint64_t time_of_a_look(void)
{
	uint64_t start, least = UINT64_MAX;
	int i;

	for (i = 0; i < 10; i++) {
		start = now_ns();
		look();
		if (now_ns() - start < least)
			least = now_ns() - start;
	}
	return least;
}

/* This thread and those it makes from now on share a CPU. */
static void share_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	OK(sched_setaffinity(0, sizeof(set), &set) ? -errno : 0);
}

/* This thread goes before others as soon as the kernel lets it. */
static void be_urgent(void)
{
	const struct sched_param param = { .sched_priority = 10 };

	OK(sched_setscheduler(0, SCHED_FIFO, &param) ? -errno : 0);
}

/* Maps and unmaps in the middle of a look. Returns for how long that went on afterwards; 0 if there was none. */
static uint64_t rest_of_look_after_mapping(struct container *ct, struct reader *reader, uint8_t *area)
{
	unsigned int look = atomic_load(&reader->begun);
	uint64_t done_ns;

	if (look == atomic_load(&reader->ended))
		return 0;
	OK(dma_map(ct->fd, area, IOVA + MIB(1), PAGE, DMA_RW));
	EQ(OK(dma_unmap(ct->fd, IOVA + MIB(1), PAGE)), PAGE);
	done_ns = now_ns();
	if (look == atomic_load(&reader->ended))
		return 0;
	while (atomic_load(&reader->ended) < look)
		sleep_until(now_ns() + 1000000);
	return atomic_load(&reader->ended) == look ? atomic_load(&reader->ended_ns) - done_ns : 0;
}

/*
 * A container with so many mappings that it takes a while to look at them. Who wakes up in the middle of that to map and
 * unmap is done long before it is over. Time is not measured until then but from then on: other work of this machine
 * makes that longer, too, and would not hide that mapping waited for the end.
 */
TEST(mappings_come_and_go_while_a_reader_looks_at_many, .seconds = 120, .not_on_stock = NOT_ON_STOCK)
{
	unsigned int i, early = 0;
	struct reader reader = {};
	struct emulated emulated;
	struct container ct;
	uint64_t look_ns;
	uint8_t *area;

	area = emulated_make_mapped(&ct, &emulated);
	for (i = 0; i < MANY; i++)
		OK(dma_map(ct.fd, area, GIB(1) + (uint64_t)i * 2 * PAGE, PAGE, DMA_RW));
	look_ns = time_of_a_look();
	share_one_cpu();
	OK(-pthread_create(&reader.thread, NULL, look_over_and_over, &reader));
	be_urgent();
	for (i = 0; i < SAMPLES; i++) {
		sleep_until(now_ns() + look_ns + look_ns / 10 * (i * 7 % 10));
		early += rest_of_look_after_mapping(&ct, &reader, area) > look_ns / 4;
	}
	atomic_store(&reader.stop, true);
	pthread_join(reader.thread, NULL);
	ktap_diag("a look takes %llu us; %u of %d maps and unmaps were done when it had a quarter of that to go",
		  (unsigned long long)look_ns / 1000, early, SAMPLES);
	/* Three of four, if nothing holds them up; next to none if the look does. */
	TRUE(early > SAMPLES / 5);
	container_close(&ct);
}
