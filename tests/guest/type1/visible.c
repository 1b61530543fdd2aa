// SPDX-License-Identifier: GPL-2.0-only
/* What an operator can see of our backend: debugfs tables and trace events. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/file.h"
#include "emulated.h"

#define DEBUGFS		"/sys/kernel/debug/vfio_type1_ng/"
#define TRACE		"/sys/kernel/tracing/instances/type1-test/"
#define NOT_ON_STOCK	"stock shows nothing"

/* --- tables --- */

static char *field(char *line, int n)
{
	while (n-- && line) {
		line = strchr(line, '\t');
		if (line)
			line++;
	}
	TRUE(line);
	return line;
}

static bool field_is(char *line, int n, const char *value)
{
	char *at = field(line, n);
	size_t len = strcspn(at, "\t\n");

	return len == strlen(value) && !strncmp(at, value, len);
}

static int column(char *heading, const char *name)
{
	int n;

	for (n = 0; n < 32; n++)
		if (field_is(heading, n, name))
			return n;
	return -1;
}

static char *next_line(char *line)
{
	line = strchr(line, '\n');
	return line && line[1] ? line + 1 : NULL;
}

/* Nothing that looks like an address of the kernel's. */
static void expect_no_pointers(const char *text)
{
	TRUE(!strstr(text, "ffff8") && !strstr(text, "ffffffff8") && !strstr(text, "ffffc"));
}

static void read_table(const char *name, char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s", name);
	OK(file_read(path, text, size));
	expect_no_pointers(text);
}

/* The line in which a column has this value; fails if there is none. */
static char *line_with(char *table, const char *name, const char *value)
{
	char *line;

	for (line = next_line(table); line; line = next_line(line))
		if (field_is(line, column(table, name), value))
			return line;
	ktap_diag("no %s %s in:\n%s", name, value, table);
	TRUE(!"the line is there");
	return NULL;
}

static char *container_line(char *table)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	return line_with(table, "pid", pid);
}

static void expect_field(char *table, char *line, const char *name, const char *value)
{
	if (field_is(line, column(table, name), value))
		return;
	ktap_diag("%s is not %s in: %.200s", name, value, line);
	TRUE(!"the field has the value");
}

static void expect_container(const char *name, long value)
{
	char table[4096], text[24];

	read_table("containers", table, sizeof(table));
	snprintf(text, sizeof(text), "%ld", value);
	expect_field(table, container_line(table), name, text);
}

TEST(visible_containers_show_what_they_hold, .not_on_stock = NOT_ON_STOCK)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct container ct;
	char table[4096];

	container_make(&ct, 0, 1, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	OK(dma_map(ct.fd, area, IOVA + MIB(1), PAGE, DMA_RW));
	read_table("containers", table, sizeof(table));
	expect_field(table, container_line(table), "type", "type1v2");
	expect_field(table, container_line(table), "comm", "type1-test");
	expect_container("domains", 1);
	expect_container("groups", 1);
	expect_container("mappings", 2);
	expect_container("entries_left", 65533);
	expect_container("emulated_groups", 0);
	expect_container("locked_pages", PAGES + 1);
	expect_container("driver_pinned_pages", 0);
	expect_container("domains_reused", 0);
	expect_container("domains_made", 1);
	container_close(&ct);
	read_table("containers", table, sizeof(table));
	TRUE(!next_line(table));
}

TEST(visible_domains_that_are_reused, .not_on_stock = NOT_ON_STOCK)
{
	struct container ct;
	char table[4096], *line;

	NEED_DEVICES(3);
	container_make(&ct, 0, 3, TYPE1V2);
	expect_container("groups", 3);
	expect_container("domains_reused", 2);
	expect_container("domains_made", 1);
	read_table("domains", table, sizeof(table));
	line = next_line(table);
	TRUE(line);
	expect_field(table, line, "groups", "3");
	TRUE(!field_is(line, column(table, "iommu"), "-"));
	TRUE(!next_line(line));
	container_close(&ct);
	container_two_domains(&ct, 0, 1);
	expect_container("domains", 2);
	expect_container("domains_made", 2);
	container_close(&ct);
}

TEST(visible_pins_of_drivers, .not_on_stock = NOT_ON_STOCK)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct emulated emulated;
	struct container ct;

	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 3, DMA_RW)), 3);
	expect_container("domains", 0);
	expect_container("groups", 1);
	expect_container("emulated_groups", 1);
	expect_container("locked_pages", 3);
	expect_container("driver_pinned_pages", 3);
	container_close(&ct);
}

static long failures(const char *whose, const char *err)
{
	char table[4096], *line;

	read_table("failures", table, sizeof(table));
	for (line = next_line(table); line; line = next_line(line))
		if (field_is(line, 0, whose) && field_is(line, 1, err))
			return strtol(field(line, 2), NULL, 10);
	return 0;
}

TEST(visible_failures_by_errno, .not_on_stock = NOT_ON_STOCK)
{
	char table[4096], number[16], *line;
	struct container ct;
	long before;
	int i;

	NEED_DEVICES(2);
	container_make(&ct, 0, 1, TYPE1V2);
	before = failures("all", "-12");
	/* One at a time: before 6.8, taking a refused group home is a further call. */
	for (i = 0; i < 2; i++) {
		fault("iommu_attach_group", 1, 1, -ENOMEM);
		FAILS(ENOMEM, container_try_add(&ct, 1));
		fault_disarm();
	}
	EQ(failures("all", "-12") - before, 2);
	read_table("containers", table, sizeof(table));
	line = container_line(table);
	snprintf(number, sizeof(number), "%ld", strtol(line, NULL, 10));
	EQ(failures(number, "-12"), 2);
	container_close(&ct);

	/* A container that never came to be is remembered in the sum. */
	container_init(&ct);
	container_add(&ct, 0);
	fault("iommu_attach_group", 1, 1, -ENOMEM);
	FAILS(ENOMEM, container_set_iommu(ct.fd, TYPE1V2));
	fault_disarm();
	EQ(failures("all", "-12") - before, 3);
	container_close(&ct);
}

struct reader {
	atomic_bool stop;
	unsigned long reads;
};

static void *read_over_and_over(void *arg)
{
	static const char *const names[] = { "containers", "domains", "failures" };
	struct reader *reader = arg;
	char text[4096];

	while (!atomic_load(&reader->stop))
		read_table(names[reader->reads++ % 3], text, sizeof(text));
	return NULL;
}

/* Readers of debugfs, callers and groups that come and go do not disturb each other. */
TEST(visible_while_everything_changes, .seconds = 120, .not_on_stock = NOT_ON_STOCK)
{
	uint8_t *area = memory_small_pages(BYTES);
	struct reader reader = {};
	struct container ct;
	pthread_t thread;
	int i;

	container_make(&ct, 0, 1, TYPE1V2);
	OK(-pthread_create(&thread, NULL, read_over_and_over, &reader));
	for (i = 0; i < 200; i++) {
		OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
		if (nr_devices > 1 && i % 4 == 0) {
			container_add(&ct, 1);
			container_remove(&ct, 1);
		}
		EQ(OK(dma_unmap(ct.fd, IOVA, BYTES)), BYTES);
		if (i % 16 == 0)
			usleep(1000);
	}
	atomic_store(&reader.stop, true);
	pthread_join(thread, NULL);
	TRUE(reader.reads > 3);
	container_close(&ct);
}

TEST(visible_only_to_root, .not_on_stock = NOT_ON_STOCK)
{
	static const char *const names[] = { "containers", "domains", "failures" };
	char path[128];
	struct stat st;
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s", names[i]);
		EQ(stat(path, &st), 0);
		EQ(st.st_mode & 0777, 0400);
	}
}

/* --- trace --- */

/* Of a mapping of BYTES at IOVA. */
#define LAST	((size_t)IOVA + BYTES - 1)

static void trace_start(void)
{
	rmdir(TRACE);
	if (mkdir(TRACE, 0700))
		test_skip("no tracing instances");
	OK(file_write(TRACE "events/vfio_type1_ng/enable", "1"));
}

static void trace_stop(char *text, size_t size)
{
	file_write(TRACE "events/vfio_type1_ng/enable", "0");
	OK(file_read(TRACE "trace", text, size));
	rmdir(TRACE);
	expect_no_pointers(text);
}

__attribute__((format(printf, 2, 3)))
static void expect_traced(const char *text, const char *fmt, ...)
{
	char words[96];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	if (strstr(text, words))
		return;
	ktap_diag("not in the trace: %s; it says:\n%s", words, text);
	TRUE(!"the trace says so");
}

TEST(traced_maps_and_groups, .not_on_stock = NOT_ON_STOCK)
{
	uint8_t *area = memory_small_pages(BYTES);
	static char text[65536];
	struct container ct;

	NEED_DEVICES(2);
	trace_start();
	/* One after the other: groups that are there before SET_IOMMU come in the core's order. */
	container_make(&ct, 0, 1, TYPE1V2);
	container_add(&ct, 1);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_READ));
	FAILS(EEXIST, dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	OK(dma_unmap(ct.fd, IOVA, BYTES));
	FAILS(EINVAL, dma_unmap(ct.fd, IOVA + 1, BYTES));
	fault("iommu_attach_group", 1, 1, -ENOMEM);
	container_remove(&ct, 1);
	FAILS(ENOMEM, container_try_add(&ct, 1));
	fault_disarm();
	container_close(&ct);
	trace_stop(text, sizeof(text));

	expect_traced(text, "group=%d decision=new-domain iommu=", devices[0].group);
	expect_traced(text, "group=%d decision=joined iommu=", devices[1].group);
	expect_traced(text, "group=%d decision=failed iommu=- ret=-12", devices[1].group);
	expect_traced(text, "iova=0x1000000-0x%zx prot=r- ret=0", LAST);
	expect_traced(text, "iova=0x1000000-0x%zx prot=rw ret=-17", LAST);
	expect_traced(text, "iova=0x1000000 size=0x%zx removed=0x%zx ret=0", BYTES, BYTES);
	expect_traced(text, "iova=0x1000001 size=0x%zx removed=0x0 ret=-22", BYTES);
	expect_traced(text, "vfio_detach_group: container=");
}

TEST(traced_pins, .not_on_stock = NOT_ON_STOCK)
{
	uint8_t *area = memory_small_pages(BYTES);
	static char text[65536];
	struct emulated emulated;
	struct container ct;

	trace_start();
	emulated_make(&ct, &emulated, TYPE1V2);
	OK(dma_map(ct.fd, area, IOVA, BYTES, DMA_RW));
	EQ(OK(emulated_pin(emulated.fd, IOVA, 2, DMA_RW)), 2);
	FAILS(EINVAL, emulated_pin(emulated.fd, IOVA + BYTES, 1, DMA_RW));
	OK(emulated_write(emulated.fd, IOVA + 8, area, 16));
	OK(emulated_unpin(emulated.fd, IOVA, 1));
	OK(dma_unmap(ct.fd, IOVA, BYTES));
	container_close(&ct);
	trace_stop(text, sizeof(text));

	expect_traced(text, "decision=emulated iommu=- ret=0");
	expect_traced(text, "vfio_pin_pages: container=");
	expect_traced(text, "iova=0x1000000 npages=2 ret=2");
	expect_traced(text, "iova=0x%zx npages=1 ret=-22", LAST + 1);
	expect_traced(text, "iova=0x1000008 bytes=0x10 write ret=0");
	expect_traced(text, "iova=0x1000000 npages=1 ret=1");
	expect_traced(text, "iova=0x1000000-0x%zx round=1", LAST);
}
