/* SPDX-License-Identifier: GPL-2.0-only */
/* Documents of which a part is made from the source: is it what would be made now? */
#ifndef NG_UNIT_DOCUMENT_H
#define NG_UNIT_DOCUMENT_H

#include <stdio.h>

/* Fail unless the text from one mark (behind it) to the other (NULL: the end) is what print() prints. */
void document_expect(const char *path, const char *from, const char *to, void (*print)(FILE *out));

#endif
