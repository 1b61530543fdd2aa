/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMT_ATTACH_H
#define EMT_ATTACH_H

/* Call before any attach. */
void emt_attach_init(void);

#endif
