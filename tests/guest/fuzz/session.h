/* SPDX-License-Identifier: GPL-2.0-only */
/* Running scripts on both sides. */
#ifndef NG_FUZZ_SESSION_H
#define NG_FUZZ_SESSION_H

#include "../lib/counters.h"
#include "side.h"

struct fuzz_session {
	struct fuzz_shared *shared;
	struct fuzz_side side[FUZZ_SIDES];
	int memfd[FUZZ_SIDES];
	int hugetlb[FUZZ_SIDES];		/* -1: there are no such pages */
	int device_memory;			/* the same */
	int kmsg;
	struct pin_counts pins;			/* before the script */
	struct fuzz_setup setup;		/* what the modules' parameters are set to */
	bool setup_done;
};

/* Find devices for both sides. Fills the profile, but for dma_every. Says what is missing and returns false. */
bool fuzz_session_start(struct fuzz_session *session, struct fuzz_profile *profile);

/* Run a script in new processes on new containers. What came of it is in shared->outcome, ->why and ->ret. */
enum fuzz_outcome fuzz_session_run(struct fuzz_session *session, const struct fuzz_script *script);

#endif
