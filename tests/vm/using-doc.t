#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# using-doc.t: the code in docs/using-iommu_emt.md is that of the example, which is built for every kernel and run. Prints TAP.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/tap.sh"
page=$here/../../docs/using-iommu_emt.md
example=$here/../guest/example

# in_file LANGUAGE FILE: the page has code in this language, and every piece of it is in the file, line for line.
in_file()
{
	awk -v start="\`\`\`$1" '
		NR == FNR { whole = whole "\n" $0; next }
		$0 == start { piece = ""; inside = 1; next }
		inside && $0 == "```" {
			inside = 0
			pieces++
			if (!index(whole "\n", piece "\n")) { print "not in the example:" piece; missing = 1 }
		}
		inside { piece = piece "\n" $0 }
		END { exit !pieces || missing }' "$2" "${3-$page}"
}

# The files that links of the project's pages name.
links_lead_somewhere()
{
	local file link links=0 wrong=

	while read -r file; do
		while read -r link; do
			links=$((links + 1))
			[ -e "$(dirname "$file")/$link" ] || { echo "$file: $link"; wrong=1; }
		done < <(grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -v '^https\?:')
	done < <(find "$here/../.." \( -name out -o -name .git \) -prune -o -name '*.md' -print)
	[ -z "$wrong" ] && [ "$links" != 0 ]
}

changed=$(mktemp)
trap 'rm -f "$changed"' EXIT
sed 's/-EMEDIUMTYPE)$/-EMEDIUMTYPE || !ret)/' "$page" >"$changed"

check "code on the page is in ng_example.c" in_file c "$example/ng_example.c"
check "build lines on the page are in its Kbuild" in_file make "$example/Kbuild"
check "a line that differs is noticed" eval "! in_file c '$example/ng_example.c' '$changed'"
check "links of all pages lead somewhere" links_lead_somewhere
done_testing
