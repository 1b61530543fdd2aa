// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which differences are intended: the rows of ../differences.def, and the words in which these say how a difference is
 * recognised. Each word is about one operation and what both sides made of it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "layout.h"
#include "rules.h"

#define WORD_BITS	64

static uint64_t last_of(const struct fuzz_op *op)
{
	return op->iova + op->size - 1;
}

/* --- the results --- */

static bool returned(const struct fuzz_context *c, int64_t stock, int64_t ours)
{
	return c->stock->ret == stock && c->ours->ret == ours;
}

static bool errnos(const struct fuzz_context *c, int stock, int ours)
{
	return returned(c, -stock, -ours);
}

static bool only_ours_says(const struct fuzz_context *c, int error)
{
	return c->ours->ret == -error && c->stock->ret != -error;
}

static bool both_succeed(const struct fuzz_context *c)
{
	return returned(c, 0, 0);
}

static bool stock_refuses(const struct fuzz_context *c)
{
	return c->stock->ret == -EINVAL;
}

static bool same_result(const struct fuzz_context *c)
{
	return c->stock->ret == c->ours->ret;
}

/* --- the operation --- */

#define is(c, what)	((c)->op->kind == FUZZ_##what)

static uint32_t number(const struct fuzz_context *c)
{
	return c->op->type;
}

static bool has_flag(const struct fuzz_context *c, uint32_t flag)
{
	return c->op->flags & flag;
}

static bool is_v1(const struct fuzz_context *c)
{
	return !c->model.v2;
}

/* Is it one that has a range, and does this go beyond the last address? */
static bool wraps(const struct fuzz_context *c)
{
	const struct fuzz_op *op = c->op;

	if (is(c, PIN))
		return op->iova + op->size * FUZZ_PAGE - 1 < op->iova;
	if (!is(c, MAP) && !is(c, UNMAP) && !is(c, DIRTY))
		return false;
	return op->size && (last_of(op) < op->iova || (is(c, MAP) && op->vaddr + op->size - 1 < op->vaddr));
}

/* The same for what a driver does, in bytes. */
static bool goes_around(const struct fuzz_context *c)
{
	return c->op->size && last_of(c->op) < c->op->iova;
}

static bool ends_at_the_top(const struct fuzz_context *c)
{
	return c->op->size && last_of(c->op) == UINT64_MAX;
}

static bool maps_to_the_top(const struct fuzz_context *c)
{
	return is(c, MAP) && ends_at_the_top(c) && !c->ours->ret && !has_flag(c, VFIO_DMA_MAP_FLAG_VADDR);
}

static bool reports(const struct fuzz_context *c)
{
	return (is(c, DIRTY) && has_flag(c, VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP)) ||
	       (is(c, UNMAP) && has_flag(c, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP));
}

/* --- what was mapped --- */

static unsigned int mappings_in_range(const struct fuzz_context *c)
{
	unsigned int i, n = 0;

	for (i = 0; i < c->model.nr; i++)
		n += c->model.mapping[i].iova <= last_of(c->op) && c->model.mapping[i].last >= c->op->iova;
	return n;
}

/* Is anything mapped that no emulated IOMMU's page table may reach? Only a container without an IOMMU could map it. */
static bool maps_beyond_an_iommu(const struct fuzz_context *c)
{
	const uint64_t least = UINT64_C(1) << 39;
	unsigned int i;

	for (i = 0; i < c->model.nr; i++)
		if (c->model.mapping[i].last >= least)
			return true;
	return false;
}

/* Did another process make a mapping that overlaps a range? */
static bool maps_for_another_in(const struct fuzz_context *c, uint64_t iova, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < c->model.nr; i++)
		if (c->model.mapping[i].iova <= last && c->model.mapping[i].last >= iova &&
		    c->model.mapping[i].actor != c->op->actor)
			return true;
	return false;
}

static bool maps_for_another(const struct fuzz_context *c)
{
	return maps_for_another_in(c, 0, UINT64_MAX);
}

static bool range_has_mapping_of_another(const struct fuzz_context *c)
{
	return maps_for_another_in(c, c->op->iova, last_of(c->op));
}

/* Does a driver pin memory for reading alone that nobody may have written to? */
static bool pins_the_zero_page(const struct fuzz_context *c)
{
	uint64_t last = c->op->iova + c->op->size * FUZZ_PAGE - 1;
	unsigned int i;

	for (i = 0; is(c, PIN) && i < c->model.nr; i++) {
		const struct fuzz_mapping *mapping = &c->model.mapping[i];

		if (mapping->iova <= last && mapping->last >= c->op->iova &&
		    !(mapping->flags & VFIO_DMA_MAP_FLAG_WRITE) &&
		    fuzz_may_be_untouched(mapping->vaddr, mapping->last - mapping->iova + 1))
			return true;
	}
	return false;
}

/* Does a driver's pin, up to the last address, meet a mapping that does not allow what it wants? */
static bool pins_beyond_permission(const struct fuzz_context *c)
{
	unsigned int i;

	for (i = 0; is(c, PIN) && i < c->model.nr; i++)
		if (c->model.mapping[i].last >= c->op->iova && c->op->flags & ~c->model.mapping[i].flags)
			return true;
	return false;
}

/* Would pinning all that is mapped fault in what nobody wrote to so far, and is that seen later? */
static bool pinning_is_seen_later(const struct fuzz_context *c)
{
	unsigned int i;

	for (i = 0; !(c->facts & FACT_PINS_OWN_PAGES) && i < c->model.nr; i++) {
		const struct fuzz_mapping *mapping = &c->model.mapping[i];

		if (mapping->flags & VFIO_DMA_MAP_FLAG_WRITE &&
		    fuzz_may_be_untouched(mapping->vaddr, mapping->last - mapping->iova + 1))
			return true;
	}
	return false;
}

/*
 * Does ours refuse a device whose IOMMU cannot reach all that is mapped, before anything is pinned? Stock finds out, in one way
 * or another, when it maps.
 */
static bool only_ours_checks_first(const struct fuzz_context *c)
{
	return is(c, ATTACH) && c->stock->ret < 0 && c->ours->ret == -EINVAL && maps_beyond_an_iommu(c);
}

/* The device has an IOMMU, and those in the container have not. */
static bool is_first_with_iommu(const struct fuzz_context *c)
{
	const unsigned int emulated = 1u << FUZZ_EMULATED;

	return c->op->device != FUZZ_EMULATED && c->model.attached == emulated;
}

/* --- bitmaps --- */

/* Where a bitmap is in the page that both results have of it, and how much of it. */
static uint64_t bitmap_offset(const struct fuzz_context *c)
{
	return c->op->data - FUZZ_AT(BITMAP);
}

static bool bitmap_is_there(const struct fuzz_context *c)
{
	return bitmap_offset(c) < FUZZ_PAGE;
}

/* The page that a bit stands for. */
static uint64_t page_of_bit(const struct fuzz_context *c, uint64_t bit)
{
	return c->op->iova + bit * FUZZ_PAGE;
}

/* The bit's page is mapped. */
static bool is_mapped(const struct fuzz_context *c, uint64_t bit)
{
	uint64_t page = page_of_bit(c, bit);

	return page >= c->op->iova && page <= last_of(c->op) && fuzz_model_find(&c->model, page, page);
}

/* The bit comes behind the last one of a mapping in the range, by no more than two words. */
static bool is_behind_a_mapping(const struct fuzz_context *c, uint64_t bit)
{
	uint64_t page = page_of_bit(c, bit);
	unsigned int i;

	for (i = 0; i < c->model.nr; i++) {
		const struct fuzz_mapping *mapping = &c->model.mapping[i];

		if (mapping->iova >= c->op->iova && mapping->last <= last_of(c->op) && page > mapping->last &&
		    page - mapping->last <= 2 * WORD_BITS * FUZZ_PAGE)
			return true;
	}
	return false;
}

static bool bit_of(const struct fuzz_result *result, uint64_t offset, uint64_t bit)
{
	return result->bytes[offset + bit / 8] >> bit % 8 & 1;
}

/* Bits that only one of the results has. */
struct lone_bits {
	bool only_these;	/* all else in the page is the same, and each is of the sort that its side may have */
	unsigned int in_ours;
};

/* Those in stock are to be behind a mapping, those in ours are to stand for a page that is mapped. */
static struct lone_bits lone_bits(const struct fuzz_context *c)
{
	struct lone_bits found = {};
	uint64_t offset = bitmap_offset(c), bit;

	/* Most are equal, and are not to cost a look at each bit. */
	if (!memcmp(c->stock->bytes, c->ours->bytes, FUZZ_PAGE))
		return found;
	if (!bitmap_is_there(c) || memcmp(c->stock->bytes, c->ours->bytes, offset))
		return found;
	for (bit = 0; bit < (FUZZ_PAGE - offset) * 8; bit++) {
		if (bit_of(c->stock, offset, bit) == bit_of(c->ours, offset, bit))
			continue;
		if (bit_of(c->stock, offset, bit) ? !is_behind_a_mapping(c, bit) : !is_mapped(c, bit))
			return found;
		found.in_ours += bit_of(c->ours, offset, bit);
	}
	found.only_these = true;
	return found;
}

static bool stock_lost_bits(const struct fuzz_context *c)
{
	struct lone_bits found = lone_bits(c);

	return found.only_these && found.in_ours;
}

static bool bits_only_in_stock_are_behind_mappings(const struct fuzz_context *c)
{
	struct lone_bits found = lone_bits(c);

	return found.only_these && !found.in_ours;
}

/* Some of it would go to memory that is there. */
static bool bitmap_is_written_in_part(const struct fuzz_context *c)
{
	return mappings_in_range(c) > 0;
}

/* --- GET_INFO --- */

static const uint8_t *info_of(const struct fuzz_result *result)
{
	return result->arg + FUZZ_ARG_OFFSET;
}

static uint32_t u32_at(const uint8_t *p, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, p + offset, sizeof(value));
	return value;
}

/* Bytes of an entry of the chain behind its header, or 0 if the type is not known. */
static uint32_t info_payload(const uint8_t *info, uint32_t offset)
{
	switch (u32_at(info, offset) & 0xffff) {
	case VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE:
		return 8 + 16 * u32_at(info, offset + 8);
	case VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION:
		return 24;
	case VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL:
		return 4;
	}
	return 0;
}

/*
 * Both have the same entries in the same order, stock's one right behind the other and ours aligned. Sets where the longer one
 * ends.
 */
static bool same_chain(const uint8_t *stock, const uint8_t *ours, uint32_t *end)
{
	const uint32_t room = FUZZ_ARG_BYTES - FUZZ_ARG_OFFSET;
	uint32_t a = u32_at(stock, 16), b = u32_at(ours, 16);

	while (a && b) {
		uint32_t payload, next;

		if (b % 8 || a > room - 16 || b > room - 16)
			return false;
		payload = info_payload(stock, a);
		next = u32_at(stock, a + 4);
		*end = (b + 8 + payload + 7) & ~7u;
		if (!payload || payload > room || *end > room || u32_at(stock, a) != u32_at(ours, b) ||
		    memcmp(stock + a + 8, ours + b + 8, payload) || (next && next != a + 8 + payload))
			return false;
		a = next;
		b = u32_at(ours, b + 4);
	}
	return !a && !b;
}

/* Nothing but padding was written from one place of the structure on, and what is before the structure and behind it is the same. */
static bool same_around(const struct fuzz_context *c, uint32_t end)
{
	return !memcmp(c->stock->arg, c->ours->arg, FUZZ_ARG_OFFSET) &&
	       !memcmp(info_of(c->stock) + end, info_of(c->ours) + end, FUZZ_ARG_BYTES - FUZZ_ARG_OFFSET - end);
}

/* The same but for alignment: in the chain, or, where there is no room for it, in how much room it needs. */
static bool info_same_unaligned(const struct fuzz_context *c)
{
	const uint8_t *stock = info_of(c->stock), *ours = info_of(c->ours);
	const uint32_t padding = 4;
	uint32_t end = 24;

	if (c->op->cut || c->op->argsz < 16 || memcmp(stock + 4, ours + 4, 12))
		return false;
	/* Room for both, or for stock's alone, or for neither. */
	if (u32_at(stock, 0) == c->op->argsz && u32_at(ours, 0) == c->op->argsz)
		return same_chain(stock, ours, &end) && same_around(c, end);
	if (u32_at(stock, 0) == c->op->argsz)
		return u32_at(ours, 0) > c->op->argsz && u32_at(ours, 0) <= c->op->argsz + padding &&
		       same_around(c, c->op->argsz);
	return u32_at(ours, 0) == u32_at(stock, 0) + padding && same_around(c, end);
}

/* Before 6.6 stock wrote 16 or 20 bytes, and behind them is what was there. */
static bool info_written_shorter(const struct fuzz_context *c)
{
	const uint8_t *stock = info_of(c->stock), *ours = info_of(c->ours);
	uint32_t written = c->op->argsz < 20 ? 16 : 20, i;

	if (c->op->cut || c->op->argsz < 16)
		return false;
	for (i = written; i < 24; i++)
		if (stock[i] != ours[i] && (i >= c->op->argsz || stock[i] != FUZZ_CANARY))
			return false;
	return info_same_unaligned(c);
}

/* --- the table --- */

#define NOTHING		0
#define RET		FUZZ_PART_RET
#define ARG		FUZZ_PART_ARG
#define BYTES		FUZZ_PART_BYTES
#define LOCKED		FUZZ_PART_LOCKED

#define BEFORE(major, minor, fact)	FACT_##fact
#define EVERY				0

#define UNSEEN
#define SEEN(condition, parts, then)						\
	if (condition)								\
		return (struct fuzz_match){ true, parts, FUZZ_##then };

#define DIFFERENCE(name, kernels, stock, ours, seen, sentence)			\
static struct fuzz_match match_##name(const struct fuzz_context *c)		\
{										\
	(void)c;								\
	seen									\
	return (struct fuzz_match){};						\
}
#include "../differences.def"
#undef DIFFERENCE

const struct fuzz_rule fuzz_rules[] = {
#define DIFFERENCE(name, kernels, stock, ours, seen, sentence)			\
	{ #name, kernels, match_##name, sentence },
#include "../differences.def"
#undef DIFFERENCE
};

const unsigned int fuzz_nr_rules = sizeof(fuzz_rules) / sizeof(fuzz_rules[0]);
_Static_assert(sizeof(fuzz_rules) / sizeof(fuzz_rules[0]) <= FUZZ_MAX_RULES, "FUZZ_MAX_RULES is too small");
