// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers of the driver, told in advance.
 *
 *	CALL errno=E [domain=I] [device=I] [member=K] [nth=N] [count=C]
 *
 * CALL is alloc, attach, home (attach to where a group is while nobody owns it; cores since v6.1 do
 * not expect that to fail), map or enforce.  The call fails with errno E from the Nth (1) matching
 * call on, C (every) times.  It matches if the domain belongs to IOMMU I, the device is behind
 * IOMMU I and is number K (from 0) of its group; what is not named matches always.  E is positive;
 * for attach and home, 0 is the lie: success without an attach; for enforce any E is "no".  The
 * first answer told that is due is given; all that match count the call.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "mock_iommu.h"

/**
 * struct answer - one answer
 * @next: place among all answers
 * @question: what it answers; MOCK_UNKNOWN matches everything
 * @error: positive errno
 * @nth: first matching call that gets it, from 1
 * @count: how many calls get it
 * @calls: matching calls so far
 * @given: how many got it so far
 */
struct answer {
	struct list_head next;
	struct mock_question question;
	int error;
	int nth;
	int count;
	int calls;
	int given;
};

static LIST_HEAD(answers);
static DEFINE_SPINLOCK(answers_lock);

static const char *const call_names[MOCK_NR_CALLS] = {
	[MOCK_CALL_ALLOC] = "alloc", [MOCK_CALL_ATTACH] = "attach",
	[MOCK_CALL_HOME] = "home", [MOCK_CALL_MAP] = "map", [MOCK_CALL_ENFORCE] = "enforce",
};

static int set_field(struct answer *answer, char *word)
{
	const struct {
		const char *name;
		int *value;
	} fields[] = {
		{ "errno", &answer->error }, { "domain", &answer->question.domain },
		{ "device", &answer->question.device }, { "member", &answer->question.member },
		{ "nth", &answer->nth }, { "count", &answer->count },
	};
	char *name = strsep(&word, "=");
	unsigned int i;

	for (i = 0; word && i < ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i].name, name))
			return kstrtoint(word, 0, fields[i].value);
	return -EINVAL;
}

static int parse(struct answer *answer, char *line)
{
	char *word = strsep(&line, " ");
	int ret, call = match_string(call_names, MOCK_NR_CALLS, word);

	if (call < 0)
		return call;
	answer->question.call = call;
	while ((word = strsep(&line, " "))) {
		ret = *word ? set_field(answer, word) : 0;
		if (ret)
			return ret;
	}
	return answer->error < 0 || answer->nth < 1 || answer->count < 1 ? -EINVAL : 0;
}

/**
 * mock_answer_tell() - tell an answer in advance
 * @line: as above, without a newline; is changed
 *
 * Return: 0 or a negative errno.
 */
int mock_answer_tell(char *line)
{
	const struct answer any = {
		.question = { .domain = MOCK_UNKNOWN, .device = MOCK_UNKNOWN, .member = MOCK_UNKNOWN },
		.error = EINVAL,
		.nth = 1,
		.count = INT_MAX,
	};
	struct answer *answer = kmemdup(&any, sizeof(any), GFP_KERNEL);
	int ret;

	if (!answer)
		return -ENOMEM;
	ret = parse(answer, line);
	if (ret) {
		kfree(answer);
		return ret;
	}
	spin_lock(&answers_lock);
	list_add_tail(&answer->next, &answers);
	spin_unlock(&answers_lock);
	return 0;
}

static bool same(int wanted, int is)
{
	return wanted == MOCK_UNKNOWN || wanted == is;
}

static bool matches(const struct mock_question *wanted, const struct mock_question *is)
{
	return wanted->call == is->call && same(wanted->domain, is->domain) && same(wanted->device, is->device) &&
	       same(wanted->member, is->member);
}

static bool is_due(const struct answer *answer)
{
	return answer->calls >= answer->nth && answer->calls - answer->nth < answer->count;
}

/**
 * mock_answer() - look for the answer that was told
 * @question: the call
 * @error: set to the negative errno, or 0
 *
 * Return: true if there is one.
 */
bool mock_answer(const struct mock_question *question, int *error)
{
	struct answer *answer;
	bool found = false;

	spin_lock(&answers_lock);
	list_for_each_entry(answer, &answers, next) {
		if (!matches(&answer->question, question))
			continue;
		answer->calls++;
		if (found || !is_due(answer))
			continue;
		found = true;
		answer->given++;
		*error = -answer->error;
	}
	spin_unlock(&answers_lock);
	return found;
}

void mock_answers_forget(void)
{
	struct answer *answer, *other;
	LIST_HEAD(old);

	spin_lock(&answers_lock);
	list_splice_init(&answers, &old);
	spin_unlock(&answers_lock);
	list_for_each_entry_safe(answer, other, &old, next)
		kfree(answer);
}

void mock_answers_show(struct seq_file *seq)
{
	struct answer *answer;

	spin_lock(&answers_lock);
	list_for_each_entry(answer, &answers, next)
		seq_printf(seq, "%s errno=%d calls=%d given=%d\n", call_names[answer->question.call], answer->error,
			   answer->calls, answer->given);
	spin_unlock(&answers_lock);
}
