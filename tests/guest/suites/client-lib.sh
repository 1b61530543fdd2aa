# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# What the suites with real clients share. A client is a program as Debian ships it, in a Debian system of its own under /client
# (see tests/vm/client-programs); each does the same on the stock backend and on ours.
# shellcheck source=tests/guest/suites/lib.sh
. /suites/lib.sh

# shellcheck disable=SC2034 # for the suites
NVME="1b36:0010" NIC="8086:10d3"
containers=/sys/kernel/debug/vfio_type1_ng/containers

# A client that ended is a failed test, not the end of this shell.
trap '' PIPE

prepare_client() {
	load_vfio
	# shellcheck disable=SC2086 # one word an id
	bind_vfio $1
	for dir in dev proc sys tmp; do
		mount -o bind "/$dir" "/client/$dir" || note "/client/$dir cannot be mounted"
	done
	events=/sys/kernel/tracing
	[ -d $events/events ] || events=/sys/kernel/debug/tracing
}

# addresses ID: where the PCI devices with this id are
addresses() {
	for dev in /sys/bus/pci/devices/*; do
		[ "$(device_id "$dev")" != "$1" ] || echo "${dev##*/}"
	done
}

# Something for the client to preload, for a defect that has nothing to do with what is tested.
preload=

# in_client PROGRAM ARG...: run it to its end; what it prints is in /tmp/said.
in_client() {
	LD_PRELOAD=$preload timeout $((200 * ${NG_SLOW:-1})) chroot /client "$@" >/tmp/said 2>&1 </dev/null
}

# on_both FUNCTION: run it on the stock backend and then on ours. It is told by $prefix which one.
on_both() {
	for prefix in stock ng; do
		progress "$prefix"
		"use_$prefix"
		result "backend_loads"
		case $prefix in
		stock) backend=vfio_iommu_type1 ;;
		ng) backend=vfio_type1_ng ;;
		esac
		# An IOMMU that does not remap interrupts.
		[ -e /sys/class/iommu/dmar0 ] || echo Y >"/sys/module/$backend/parameters/allow_unsafe_interrupts"
		pinned_before=$(pinned_pages)
		"$1"
	done
	prefix=ng
	rmmod vfio_type1_ng
	result "backend_unloads_after_its_clients"
}

# start PROGRAM ARG...: a client that goes on by itself. It takes commands from "ask", what it prints is in /tmp/said.
start() {
	rm -f /tmp/ask
	mkfifo /tmp/ask
	: >/tmp/said
	LD_PRELOAD=$preload chroot /client "$@" </tmp/ask >/tmp/said 2>&1 &
	pid=$!
	exec 3>/tmp/ask
}

ask() {
	for line in "$@"; do
		echo "$line" >&3
	done
}

not() {
	! "$@"
}

# A process that has ended stays in /proc until this shell asks how.
running() {
	grep -q '^State:[[:space:]]*[^ZX]' "/proc/$pid/status" 2>/dev/null
}

uptime_seconds() {
	cut -d . -f 1 /proc/uptime
}

# within SECONDS COMMAND...: wait until it succeeds; not longer than that, nor than the client runs.
within() {
	deadline=$(($(uptime_seconds) + $1 * ${NG_SLOW:-1}))
	shift
	until "$@"; do
		if [ "$(uptime_seconds)" -ge $deadline ] || ! running; then
			"$@"
			return
		fi
		sleep 0.2
	done
}

# says PATTERN [TIMES]: lines that match what the client printed so far
says() {
	[ "$(tr '\r' '\n' </tmp/said | grep -cE "$1")" -ge "${2-1}" ]
}

# No more commands come, and the client ends by itself, soon; its exit status.
ended() {
	exec 3>&-
	if ! within 200 not running; then
		note "the client does not end"
		killed
		return 1
	fi
	wait "$pid"
}

killed() {
	kill -KILL "$pid"
	exec 3>&-
	wait "$pid"
	[ $? = 137 ]
}

# client_result NAME: as result, and what the client printed for a person who looks into a failure.
client_result() {
	result "$1" || tr '\r' '\n' </tmp/said | grep -v '^$' | tail -n 30 | sed 's/^/#   said: /'
}

# shown FIELD: from the line of debugfs for the client's container
shown() {
	awk -F '\t' -v pid="$pid" -v field="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		$column["pid"] == pid { print $column[field] }' $containers
}

# The backend under test serves one container, and no other backend is there; ours also says whose it is.
served() {
	[ "$(use_count "$backend")" = 1 ] || return 1
	case $prefix in
	stock) ! loaded vfio_type1_ng ;;
	ng) ! loaded vfio_iommu_type1 && [ "$(grep -c . $containers)" = 2 ] && [ -n "$(shown type)" ] ;;
	esac
}

# serves TYPE GROUPS: results about the container of the client that was started: it is served, and in ours it is of this type and
# all its groups are in one domain.
serves() {
	within 200 served
	result "backend_serves_the_client"
	[ "$prefix" = ng ] || return 0
	[ "$(shown type)" = "$1" ]
	result "container_is_of_type_$1"
	within 200 has_groups "$2"
	result "groups_share_one_domain"
	note "$(shown comm): $(shown type), $(shown groups) groups in $(shown domains) domains, $(shown mappings) mappings," \
		"$(shown locked_pages) pages"
}

has_groups() {
	[ "$(shown groups)" = "$1" ] && [ "$(shown domains)" = 1 ] && [ "$(shown domains_reused)" = $(($1 - 1)) ]
}

pinned_pages() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_foll_pin_acquired/ { n += $2 } /^nr_foll_pin_released/ { n -= $2 } END { print n }' /proc/vmstat
}

# No container is left, and every page that was pinned for it is unpinned.
nothing_is_left() {
	[ "$(use_count "$backend")" = 0 ] || { note "$backend is still in use"; return 1; }
	[ "$prefix" = stock ] || [ "$(grep -c . $containers)" = 1 ] || { note "a container is left: $(tail -n 1 $containers)"; return 1; }
	[ "$(pinned_pages)" = "$pinned_before" ] ||
		{ note "pages pinned: $(pinned_pages), before the client: $pinned_before"; return 1; }
}

# What our backend traces in between is in /tmp/trace.
trace_on() {
	[ "$prefix" = ng ] || return 0
	echo 16384 >"$events/buffer_size_kb"
	echo 1 >"$events/events/vfio_type1_ng/enable"
	: >"$events/trace"
	echo 1 >"$events/tracing_on"
}

trace_off() {
	[ "$prefix" = ng ] || return 0
	echo 0 >"$events/events/vfio_type1_ng/enable"
	cp "$events/trace" /tmp/trace
	: >"$events/trace"
}
