/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MOCK_EMT_H
#define MOCK_EMT_H

struct seq_file;

int mock_emt_ask(char *line);
void mock_emt_show(struct seq_file *seq);

#endif
