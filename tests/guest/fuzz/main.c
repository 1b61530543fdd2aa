// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1-fuzz: do the same random things to a container of stock and to one of ours, and compare everything.
 *
 *	type1-fuzz [-s SEED] [-n STEPS] [-t SECONDS] [-d N] [-o SCRIPT_SEED] [-p] [-x SABOTAGE]
 *
 *	-s  where the numbers begin (default 1; "fresh": somewhere); the same seed gives the same
 *	    scripts on the same kernel
 *	-n, -t  how much, or how long; what comes first (default 4000 steps)
 *	-d  one step of so many is a transfer by a real device, which takes 0.2 s (default 20000;
 *	    0: none)
 *	-o  this script alone, with what every step returned
 *	-p  ours makes calls at once, in threads; stock makes them one after the other, and the
 *	    results have to be the same: in the script's order if they are for different addresses,
 *	    otherwise in some order
 *	-x  1 to 4: see things that are not there, to see the comparison fail (compare.h)
 *	-e  end after so many unexplained differences (default 5)
 *
 * Both backends and ng_pick have to be loaded. Prints each script that shows a difference that no rule of differences.def
 * explains, as short as it can be, and ends with "fuzz: N steps, M unexplained differences". Exits with 0 if M is 0.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "random.h"
#include "rules.h"
#include "seed.h"
#include "session.h"

#define SHRINK_RUNS	400

struct options {
	uint64_t seed;
	unsigned long long steps;
	unsigned int seconds;
	uint64_t only;
	unsigned int enough;
};

/* What was done, without the runs of scripts that were being made shorter. */
struct statistics {
	unsigned long long steps;
	unsigned long long scripts;
	unsigned long long parted;
	unsigned long long hits[FUZZ_MAX_RULES];
	unsigned long long done[FUZZ_KINDS];
	unsigned long long succeeded[FUZZ_KINDS];	/* on both sides */
};

static struct fuzz_session session;
static struct statistics statistics;

static const char *value_name(int64_t value, char *buf, size_t size)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np(-value) : NULL;

	if (name)
		snprintf(buf, size, "-%s", name);
	else
		snprintf(buf, size, "%lld", (long long)value);
	return buf;
}

/* Every line is a remark in the results. */
static void print_script(const struct fuzz_script *script, unsigned int steps)
{
	const struct fuzz_shared *shared = session.shared;
	char *text = NULL, *line, *rest, stock[32], ours[32];
	size_t size;
	unsigned int i;
	FILE *out = open_memstream(&text, &size);

	fuzz_print_setup(out, script);
	for (i = 0; i < script->nr; i++) {
		fuzz_print_op(out, &script->op[i]);
		if (i < steps && shared->ret[FUZZ_STOCK][i] == shared->ret[FUZZ_NG][i])
			fprintf(out, " /* %s */", value_name(shared->ret[FUZZ_STOCK][i], stock, sizeof(stock)));
		else if (i < steps)
			fprintf(out, " /* stock: %s, ours: %s */", value_name(shared->ret[FUZZ_STOCK][i], stock, sizeof(stock)),
				value_name(shared->ret[FUZZ_NG][i], ours, sizeof(ours)));
		fputc('\n', out);
	}
	fclose(out);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		ktap_diag("    %s", line);
	free(text);
}

static bool still_different(const struct fuzz_script *candidate, void *arg)
{
	const struct fuzz_symptom *wanted = arg, *symptom = &session.shared->symptom;

	return fuzz_session_run(&session, candidate) == FUZZ_DIFFERENT && symptom->parts == wanted->parts &&
	       symptom->kind == wanted->kind && symptom->stock == wanted->stock && symptom->ours == wanted->ours;
}

static void report(const struct fuzz_script *script)
{
	static struct fuzz_script small;
	struct fuzz_symptom symptom = session.shared->symptom;

	ktap_diag("script %#llx: %s", (unsigned long long)script->seed, session.shared->why);
	small = *script;
	/* What comes after the difference is not needed. */
	if (session.shared->steps < small.nr) {
		small.op[session.shared->steps] = small.op[small.nr - 1];
		small.nr = session.shared->steps + 1;
	}
	if (!still_different(&small, &symptom))
		small = *script;
	fuzz_shrink(&small, still_different, &symptom, SHRINK_RUNS);
	if (still_different(&small, &symptom))
		ktap_diag("the shortest script that shows it (%u operations): %s", small.nr, session.shared->why);
	else
		ktap_diag("it does not show every time; the script is");
	print_script(&small, session.shared->steps);
}

static void count(enum fuzz_outcome outcome)
{
	unsigned int i;

	statistics.scripts++;
	statistics.steps += session.shared->steps;
	statistics.parted += outcome == FUZZ_PARTED;
	for (i = 0; i < fuzz_nr_rules; i++)
		statistics.hits[i] += session.shared->hits[i];
	for (i = 0; i < session.shared->steps; i++) {
		unsigned int kind = session.shared->script.op[i].kind;

		statistics.done[kind]++;
		statistics.succeeded[kind] += session.shared->ret[FUZZ_STOCK][i] >= 0 && session.shared->ret[FUZZ_NG][i] >= 0;
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A test in which little succeeds tests little. */
static void print_successes(void)
{
	static const struct {
		enum fuzz_kind kind;
		const char *name;
	} kinds[] = {
		{ FUZZ_ATTACH, "attach" }, { FUZZ_SET_IOMMU, "SET_IOMMU" }, { FUZZ_MAP, "MAP" }, { FUZZ_UNMAP, "UNMAP" },
		{ FUZZ_DIRTY, "DIRTY_PAGES" }, { FUZZ_INFO, "GET_INFO" }, { FUZZ_PIN, "pin" }, { FUZZ_WRITE, "dma_rw" },
		{ FUZZ_DMA, "DMA" }, { FUZZ_FORK, "fork" }, { FUZZ_EXEC, "exec" },
	};
	char line[512];
	unsigned int i, n = 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		n += snprintf(line + n, sizeof(line) - n, "%s%s %llu/%llu", i ? ", " : "", kinds[i].name,
			      statistics.succeeded[kinds[i].kind], statistics.done[kinds[i].kind]);
	ktap_diag("succeeded: %s", line);
}

static void print_statistics(double seconds)
{
	unsigned int i;

	ktap_diag("%llu scripts, %llu ended early by an explained difference, %.0f steps/s", statistics.scripts, statistics.parted,
		  statistics.steps / (seconds > 0 ? seconds : 1));
	if (session.shared->at_once) {
		ktap_diag("%u calls were made beside others elsewhere",
			  session.shared->made_at_once);
		ktap_diag("%u times calls that meet were made at once, %u of these came out in "
			  "another order than listed, %u in more than one", session.shared->bursts,
			  session.shared->reordered, session.shared->open_orders);
	}
	print_successes();
	for (i = 0; i < fuzz_nr_rules; i++)
		if (statistics.hits[i])
			ktap_diag("explained by %s: %llu", fuzz_rules[i].name, statistics.hits[i]);
}

/* The number of unexplained differences, or -1 if the test does not work. */
static int fuzz(const struct options *options, const struct fuzz_profile *profile)
{
	static struct fuzz_script script;
	struct fuzz_random random = { options->seed };
	double start = now(), told = start;
	unsigned int different = 0;
	enum fuzz_outcome outcome;

	do {
		fuzz_generate(&script, options->only ? options->only : fuzz_random(&random), profile);
		outcome = fuzz_session_run(&session, &script);
		if (outcome == FUZZ_BROKEN) {
			ktap_diag("script %#llx: %s", (unsigned long long)script.seed, session.shared->why);
			return -1;
		}
		count(outcome);
		if (options->only)
			print_script(&script, session.shared->steps);
		if (outcome == FUZZ_DIFFERENT) {
			different++;
			report(&script);
		}
		if (now() - told > 20) {
			told = now();
			ktap_progress("fuzz: %llu steps", statistics.steps);
		}
	} while (!options->only && different < options->enough && statistics.steps < options->steps &&
		 now() - start < options->seconds);
	print_statistics(now() - start);
	return different;
}

int main(int argc, char **argv)
{
	struct options options = { .seed = 1, .steps = 4000, .seconds = 86400, .enough = 5 };
	struct fuzz_profile profile = { .dma_every = 20000 };
	unsigned int sabotage = FUZZ_HONEST;
	int opt, different;

	if (argc > 1 && !strcmp(argv[1], "--actor"))
		return fuzz_actor_main(argc, argv);
	while ((opt = getopt(argc, argv, "s:n:t:d:o:px:e:")) != -1) {
		switch (opt) {
		case 's':
			options.seed = fuzz_seed_of(optarg);
			break;
		case 'n':
			options.steps = strtoull(optarg, NULL, 0);
			break;
		case 't':
			options.seconds = strtoul(optarg, NULL, 0);
			options.steps = UINT64_MAX;
			break;
		case 'd':
			profile.dma_every = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			options.only = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			profile.at_once = true;
			break;
		case 'x':
			sabotage = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			options.enough = strtoul(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: type1-fuzz [-s seed] [-n steps] [-t seconds] [-d n] [-o script seed] [-p] [-x sabotage] [-e n]\n");
			return 2;
		}
	}
	if (!fuzz_session_start(&session, &profile))
		return 2;
	session.shared->sabotage = sabotage;
	session.shared->at_once = profile.at_once;
	different = fuzz(&options, &profile);
	if (different < 0)
		return 2;
	if (!options.only)
		ktap_diag("make fuzz SEED=%llu%s (same KERNEL and VIOMMU) does the same again.",
			  (unsigned long long)options.seed, profile.at_once ? " THREADS=1" : "");
	ktap_diag("fuzz: %llu steps, %d unexplained differences", statistics.steps, different);
	return different ? 1 : 0;
}
