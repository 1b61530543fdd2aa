/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_ATTACH_H
#define EMT_ATTACH_H

/* Before anybody attaches. */
void emt_attach_init(void);

#endif
