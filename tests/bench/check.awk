# SPDX-License-Identifier: GPL-2.0-only
# What tests/bench/check is, after its options. Files: limits, reference, figures.

# Figures of different builds of one kernel line are compared.
function line_of(kernel, part)
{
	split(kernel, part, /[.+-]/)
	return part[1] "." part[2]
}

function number(x)
{
	return x < 100 ? sprintf("%.2f", x) : sprintf("%.0f", x)
}

function is_time(unit)
{
	return unit ~ /^insn/
}

function fail(text)
{
	print "FAILED: " text
	failures++
}

# A limit: over is by how much ours is beyond it, was_over the same in the reference.
function judge(over, was_over, text)
{
	if (over <= 0)
		return
	if (was_over > 0) {
		print "known: " text
		known++
	} else {
		fail(text)
	}
}

# What the reference would be today. Ours answers neither for what the floor needs more or less now (memory may lie in other
# frames), nor, where there is no floor, for what the stock module needs more.
function adjusted(line, name, reference, change)
{
	if ((line, "floor", name) in now && (line, "floor", name) in was)
		return reference + now[line, "floor", name] - was[line, "floor", name]
	if (!((line, "stock", name) in now) || was[line, "stock", name] + 0 <= 0)
		return reference
	change = now[line, "stock", name] / was[line, "stock", name]
	return change > 1 ? reference * change : reference
}

function compare_with_reference(line, name, ours, reference, kind, closes, allowed)
{
	kind = unit[name]
	closes = name ~ /^close_/
	if (kind == "ratio")
		return
	if (kind == "calls")
		allowed = reference
	else if (is_time(kind))
		# Containers cannot be closed often, so this is the least of few times; and no floor tells in how many
		# pieces the memory lay. A piece more for each huge page is 0.3 instructions a page.
		allowed = adjusted(line, name, reference) * (closes ? 1.05 : 1.02) + (closes ? 0.3 : 0.1)
	else if (kind == "bytes_per_mapping")
		allowed = reference * 1.05 + 4
	else
		# How many runs there are differs with the frames; of scattered memory most, for which there is a limit.
		allowed = reference * (name ~ /_scattered$/ ? 1.25 : 1.1) + 128
	compared++
	if (ours > allowed)
		fail(sprintf("%s on Linux %s is %s %s; it was %s, and up to %s is tolerated.", name, full[line], number(ours), kind,
			     number(reference), number(allowed)))
}

function floor_limit(name, floor)
{
	return name ~ /^map_/ ? 1.15 * floor : 1.15 * floor + 2
}

function judge_by_floor(line, name, ours, reference, floor, floor_was)
{
	if (!((line, "floor", name) in now) || !is_time(unit[name]))
		return
	floor = now[line, "floor", name]
	floor_was = was[line, "floor", name]
	judge(ours - floor_limit(name, floor), reference - floor_limit(name, floor_was),
	      sprintf("%s on Linux %s is %s %s; the floor is %s, so at most %s is allowed (the reference: %s of %s).", name,
		      full[line], number(ours), unit[name], number(floor), number(floor_limit(name, floor)), number(reference),
		      number(floor_limit(name, floor_was))))
}

function judge_by_stock(line, name, ours, reference, stock, allowance)
{
	if (!((line, "stock", name) in now) || !(is_time(unit[name]) || name == "memory_entries"))
		return
	# The run that ours remembers, and what the meter rounds.
	allowance = name == "memory_entries" ? 17 : 0
	stock = now[line, "stock", name]
	judge(ours - stock - allowance, reference - was[line, "stock", name] - allowance,
	      sprintf("%s on Linux %s is %s %s; the stock module's is %s%s.", name, full[line], number(ours), unit[name],
		      number(stock), allowance ? sprintf(", and %d more are allowed", allowance) : ""))
}

function judge_by_limit(line, name, ours, reference, limit)
{
	if ((line, name) in limits)
		limit = limits[line, name]
	else if (("*", name) in limits)
		limit = limits["*", name]
	else
		return
	judge(ours - limit, reference - limit,
	      sprintf("%s on Linux %s is %s %s; at most %s is allowed.", name, full[line], number(ours), unit[name], number(limit)))
}

# Two threads have to be side by side, where the floor, which has no lock, shows that this machine has two CPUs for them.
function judge_threads(line, name, ours, speed_up, floor, least)
{
	if (name !~ /^two_threads_/ || !((line, "floor", name) in now))
		return
	speed_up = name
	sub(/_first_done$/, "", speed_up)
	floor = now[line, "floor", name]
	least = name == speed_up ? 0.9 * floor : 0.75
	if (now[line, "floor", speed_up] < 1.2 || floor < least) {
		printf "unknown: %s on Linux %s: without any lock, it is %s, and two threads are %s times as fast as one here.\n", name,
			full[line], number(floor), number(now[line, "floor", speed_up])
		return
	}
	if (ours < least)
		fail(sprintf("%s on Linux %s is %s; without any lock it is %s, and it has to be at least %s.", name, full[line],
			     number(ours), number(floor), number(least)))
}

FNR == 1 { file++ }
file == 1 && (/^#/ || NF != 3) { next }
file == 1 { limits[$1, $2] = $3; next }
FNR == 1 { next }
file == 2 {
	line = line_of($1)
	was[line, $2, $3] = $5
	has_reference[line] = 1
	if ($2 == "ng")
		expected[line, $3] = 1
	next
}
# Real time, beside instructions, is for reading.
$4 ~ /^ns/ { next }
{
	line = line_of($1)
	full[line] = $1
	now[line, $2, $3] = $5
	unit[$3] = $4
	if ($2 == "ng" && !((line, $3) in measured)) {
		measured[line, $3] = 1
		order[++n] = line SUBSEP $3
	}
}

END {
	for (line in full)
		if (!(line in has_reference))
			fail("there is no reference for Linux " line ". tests/bench/accept makes it of what was measured.")
	for (i = 1; i <= n; i++) {
		split(order[i], key, SUBSEP)
		line = key[1]
		name = key[2]
		if (!(line in has_reference))
			continue
		if (!((line, name) in expected)) {
			fail(name " on Linux " line " is not in the reference. tests/bench/accept makes it of what was measured.")
			continue
		}
		ours = now[line, "ng", name]
		reference = was[line, "ng", name]
		compare_with_reference(line, name, ours, reference)
		judge_by_floor(line, name, ours, reference)
		judge_by_stock(line, name, ours, reference)
		judge_by_limit(line, name, ours, reference)
		judge_threads(line, name, ours)
	}
	for (item in expected) {
		split(item, key, SUBSEP)
		if (!partial && key[1] in full && !(item in measured))
			fail(key[2] " on Linux " full[key[1]] " was not measured.")
	}
	if (!compared)
		fail("nothing was compared.")
	printf "%d figures compared with the reference, %d failures, %d limits that the reference does not meet either\n",
		compared, failures, known
	exit failures > 0
}
