// SPDX-License-Identifier: GPL-2.0-only
/*
 * A QEMU plugin that counts the instructions that a guest's kernel executes between two marks, by block of code.
 *
 *	-plugin insns.so,out=FILE
 *
 * Marks are no-operations that the guest's program executes, with an address in them that nobody else uses; see
 * tests/guest/bench/profile.c.  FILE gets lines "address instructions" when the guest ends.  For one virtual CPU.
 *
 * Written for versions 1 and 2 of the plugin interface (QEMU before 9.1), whose header Debian does not ship; what is used of it is
 * declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT	__attribute__((visibility("default")))

typedef uint64_t plugin_id;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { CALLBACK_READS_NO_REGISTERS };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*cb)(unsigned int cpu, void *data), int flags,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned int cpu, void *data),
					    int flags, void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

/* Code of the kernel; a block that is translated again gets another one. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t insns;
	uint64_t executed;
};

static struct block *blocks;
static bool counting;
static char *out;

static void count_block(unsigned int cpu, void *data)
{
	struct block *block = data;

	if (counting)
		block->executed += block->insns;
}

static void set_counting(unsigned int cpu, void *data)
{
	counting = data;
}

/* nopl: 0f 1f 80 and four bytes. */
static void look_for_mark(struct qemu_plugin_insn *insn)
{
	static const unsigned char mark[] = { 0x0f, 0x1f, 0x80, 'N', 'G', 'b' };
	const unsigned char *data = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) == sizeof(mark) + 1 && !memcmp(data, mark, sizeof(mark)))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, set_counting, CALLBACK_READS_NO_REGISTERS,
						       data[sizeof(mark)] == 1 ? &counting : NULL);
}

static void see_block(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct block *block;

	if (!(qemu_plugin_tb_vaddr(tb) >> 63)) {
		for (i = 0; i < n; i++)
			look_for_mark(qemu_plugin_tb_get_insn(tb, i));
		return;
	}
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = qemu_plugin_tb_vaddr(tb);
	block->insns = n;
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, count_block, CALLBACK_READS_NO_REGISTERS, block);
}

static void write_counts(plugin_id id, void *data)
{
	FILE *f = fopen(out, "w");
	const struct block *block;

	if (!f) {
		perror(out);
		return;
	}
	for (block = blocks; block; block = block->next)
		if (block->executed)
			fprintf(f, "%016" PRIx64 " %" PRIu64 "\n", block->address, block->executed);
	fclose(f);
}

EXPORT int qemu_plugin_install(plugin_id id, const qemu_info_t *info, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	if (!out) {
		fprintf(stderr, "insns.so needs out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, see_block);
	qemu_plugin_register_atexit_cb(id, write_counts, NULL);
	return 0;
}
