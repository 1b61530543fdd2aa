// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folios: page_folio() and folio_nr_pages(), v5.16, January 2022.  Before, a compound page of unknown use.
 */
#include <linux/mm.h>

unsigned long probe(struct page *page);
unsigned long probe(struct page *page)
{
	return folio_nr_pages(page_folio(page));
}
