# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154  # variables of backport-check
#
# The report of backport-check. To be sourced by it, and uses its variables.
#
#   log_of VIOMMU SUITE   print where a guest's logs are, without suffix
#   report                print the report, write it as KTAP and Markdown, and set $failed when something has to fail

# The parts of the series, in the words of the guest (tests/guest/conformance).
part_ids=(1 2 3 4 5 6)

log_of()
{
	printf '%s\n' "$ng_logs/backport-$1-$2"
}

# field VIOMMU PART KEY: what the guest reported; empty when it did not.
field()
{
	tr -d '\r' <"$(log_of "$1" conformance).results" | awk -F'\t' -v part="$2" -v key="$3" '
		$1 != "conform" || $2 != "part=" part { next }
		{
			for (i = 3; i <= NF; i++)
				if (index($i, key "=") == 1)
					found = substr($i, length(key) + 2)
		}
		END { print found }'
}

verdict()
{
	local verdict
	verdict=$(field "$1" "$2" verdict)
	printf '%s\n' "${verdict:-no result}"
}

# What the guests say about the part itself is the same in all; take it from one that got so far.
about_part()
{
	local viommu text=
	for viommu in "${viommus[@]}"; do
		text=$(field "$viommu" "$1" "$2")
		[ -z "$text" ] || break
	done
	printf '%s\n' "${text:-part $1}"
}

backend_name()
{
	case $backend in
	stock)	echo "the kernel's own vfio_iommu_type1" ;;
	ng)	echo "vfio_type1_ng and iommu_emt of this tree" ;;
	*)	echo "the module $backend" ;;
	esac
}

complain()
{
	failed=1
	complaints+=("$*")
}

# --- the guest tests ---

# Print "VIOMMU SUITE" of each guest but those of conformance.
test_guests()
{
	local guest

	for guest in "${guests[@]}"; do
		# shellcheck disable=SC2086  # words
		set -- $guest
		[ "$2" = conformance ] || echo "$1 $2"
	done
}

# The tests of one guest as TAP, completed with failures for what it did not say.
tests_of()
{
	local log
	log=$(log_of "$1" "$2")

	: >"$log.count"
	tr -d '\r' <"$log.results" | "$here/ktap-to-tap" "$log.count" | grep -E '^(not )?ok ' || true
	[ ! -e "$log.bad" ] || echo "not ok 0 - the guest ended well and its kernel log is clean"
}

# count_tests VIOMMU SUITE KIND: how many passed, failed, skipped.
count_tests()
{
	tests_of "$1" "$2" | awk -v kind="$3" '
		/^not ok/ { n["failed"]++; next }
		/# SKIP/ { n["skipped"]++; next }
		{ n["passed"]++ }
		END { print n[kind] + 0 }'
}

failed_tests()
{
	tests_of "$1" "$2" | sed -nE 's/^not ok [0-9]+ - (stock: |ng: )?//p'
}

# Print what this kernel or guest lacked, with the number of tests that were skipped for want of it, the most frequent first.
skip_reasons()
{
	tests_of "$1" "$2" | sed -nE 's/^ok .* # SKIP ((no|this kernel has no) .*)/\1/p' | sort | uniq -c | sort -rn | sed -E 's/^ *([0-9]+) /\1: /'
}

# --- judging ---

judge()
{
	local viommu part suite verdict what

	for viommu in "${viommus[@]}"; do
		[ -z "$unobserved" ] || break
		for part in "${part_ids[@]}"; do
			verdict=$(verdict "$viommu" "$part")
			case $verdict in
			present|absent)
				[ -z "$expect" ] || [ "$verdict" = "$expect" ] ||
					complain "EXPECT is $expect, but with $viommu part $part is $verdict."
				;;
			"not observable") ;;
			*)	complain "With $viommu part $part got no verdict ($verdict); see $(log_of "$viommu" conformance).results." ;;
			esac
		done
		[ ! -e "$(log_of "$viommu" conformance).bad" ] || complain_of_guest "$viommu" conformance
	done
	while read -r viommu suite; do
		[ ! -e "$(log_of "$viommu" "$suite").bad" ] || complain_of_guest "$viommu" "$suite"
		[ "$(count_tests "$viommu" "$suite" failed)" = 0 ] || complain "Tests of the guest $viommu/$suite fail."
	done < <(test_guests)
	for what in "${unchecked[@]}"; do
		complain "$what"
	done
}

complain_of_guest()
{
	complain "The guest $1/$2 did not end well: $(head -n 3 "$(log_of "$1" "$2").bad" | tr '\n' ' ')"
}

# --- for people ---

# wrapped INDENT TEXT
wrapped()
{
	fold -s -w "$((112 - ${#1}))" <<<"$2" | sed -E "s/ +\$//; s/^/$1/"
}

# The same text for several IOMMUs is printed once.
print_evidence()
{
	local key=$1 part=$2 viommu other text names done=" "

	for viommu in "${viommus[@]}"; do
		[[ $done != *" $viommu "* ]] || continue
		text=$(field "$viommu" "$part" "$key")
		names=$viommu
		for other in "${viommus[@]}"; do
			if [ "$other" != "$viommu" ] && [ "$(field "$other" "$part" "$key")" = "$text" ]; then
				names+=", $other"
				done+="$other "
			fi
		done
		[ -z "$text" ] || wrapped "     " "${3-}$names: $text"
	done
}

any_absent()
{
	local viommu
	for viommu in "${viommus[@]}"; do
		[ "$(verdict "$viommu" "$1")" != absent ] || return 0
	done
	return 1
}

print_tests()
{
	local viommu suite

	[ "$tests" = all ] || return 0
	printf '\nGuest tests\n'
	while read -r viommu suite; do
		printf '  %-8s %-12s %s passed, %s failed, %s skipped\n' "$viommu" "$suite" "$(count_tests "$viommu" "$suite" passed)" \
			"$(count_tests "$viommu" "$suite" failed)" "$(count_tests "$viommu" "$suite" skipped)"
		failed_tests "$viommu" "$suite" | sed 's/^/     failed: /'
		skip_reasons "$viommu" "$suite" | sed 's/^/     skipped /'
	done < <(test_guests)
}

print_parts()
{
	local part viommu

	[ -z "$unobserved" ] || return 0
	printf 'Parts of the series "Simplify vfio_iommu_type1 attach/detach routine" (2022), as the kernel behaves in a guest\n\n'
	{
		printf '  %-66s' ""
		printf '%-16s' "${viommus[@]}"
		printf '\n'
		for part in "${part_ids[@]}"; do
			printf '  %s  %-63s' "$part" "$(about_part "$part" title)"
			for viommu in "${viommus[@]}"; do
				printf '%-16s' "$(verdict "$viommu" "$part")"
			done
			printf '\n'
		done
	} | sed 's/ *$//'
	printf '\nEvidence\n'
	for part in "${part_ids[@]}"; do
		printf '  %s\n' "$part"
		print_evidence evidence "$part"
		print_evidence remark "$part" "note, "
		! any_absent "$part" || wrapped "     " "instead: $(about_part "$part" instead)"
	done
}

print_report()
{
	printf '\nLinux %s with %s\n' "$KABI" "$(backend_name)"
	print_parts
	print_tests
	[ -z "$failed" ] || printf '%s\n' "" "${complaints[@]}"
}

# --- for machines and for web pages ---

ktap_parts()
{
	local viommu part verdict name

	for viommu in "${viommus[@]}"; do
		for part in "${part_ids[@]}"; do
			if [ -n "$unobserved" ]; then
				echo "ok - $viommu: conformance: part $part # SKIP not observed: $unobserved"
				continue
			fi
			verdict=$(verdict "$viommu" "$part")
			name="$viommu: conformance: $(about_part "$part" name)"
			echo "# $(field "$viommu" "$part" evidence)"
			case $verdict in
			present) echo "ok - $name" ;;
			"not observable") echo "ok - $name # SKIP not observable" ;;
			*)	echo "not ok - $name" ;;
			esac
		done
	done
}

write_ktap()
{
	local viommu suite

	{
		echo "KTAP version 1"
		echo "# Linux $KABI, backend: $(backend_name). \"not ok\" in conformance means that the part is absent."
		ktap_parts
		while read -r viommu suite; do
			tests_of "$viommu" "$suite" | sed -E "s/^((not )?ok) [0-9]+ - /\\1 - $viommu: $suite: /"
		done < <(test_guests)
	} | awk '
		/^(not )?ok - / { n++; sub(/ok - /, "ok " n " ") }
		{ line[NR] = $0 }
		END {
			print line[1]
			print "1.." n
			for (i = 2; i <= NR; i++)
				print line[i]
		}' >"$ng_out/backport.ktap"
}

# Text for a cell of a Markdown table.
cell()
{
	sed 's/|/\\|/g; s/</\&lt;/g' <<<"$1"
}

write_markdown()
{
	local part viommu suite what

	{
		printf '# Linux %s with %s\n\n' "$KABI" "$(backend_name)"
		for what in "${unchecked[@]}"; do
			printf '%s\n\n' "$what"
		done
		[ -n "$unobserved" ] ||
			printf '| part | IOMMU | verdict | evidence | stock instead |\n|---|---|---|---|---|\n'
		for part in "${part_ids[@]}"; do
			[ -z "$unobserved" ] || break
			for viommu in "${viommus[@]}"; do
				remark=$(field "$viommu" "$part" remark)
				printf '| %s %s | %s | %s | %s | %s |\n' "$part" "$(cell "$(about_part "$part" title)")" "$viommu" \
					"$(verdict "$viommu" "$part")" \
					"$(cell "$(field "$viommu" "$part" evidence)${remark:+ (note: $remark)}")" \
					"$(cell "$(about_part "$part" instead)")"
			done
		done
		[ "$tests" != all ] ||
			printf '\n| IOMMU | guest tests | passed | failed | skipped | failing |\n|---|---|---|---|---|---|\n'
		while read -r viommu suite; do
			printf '| %s | %s | %s | %s | %s | %s |\n' "$viommu" "$suite" "$(count_tests "$viommu" "$suite" passed)" \
				"$(count_tests "$viommu" "$suite" failed)" "$(count_tests "$viommu" "$suite" skipped)" \
				"$(cell "$(failed_tests "$viommu" "$suite" | paste -sd ' ')")"
		done < <(test_guests)
	} >"$ng_out/backport.md"
}

report()
{
	failed='' complaints=()
	judge
	mkdir -p "$ng_out"
	write_ktap
	write_markdown
	print_report
}
