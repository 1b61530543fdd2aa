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

# Each of the page's paths leads somewhere.
links_lead_somewhere()
{
	local link

	while read -r link; do
		[ -e "$(dirname "$page")/$link" ] || { echo "$link"; return 1; }
	done < <(sed -n 's/.*](\([^)]*\)).*/\1/p' "$page")
}

changed=$(mktemp)
trap 'rm -f "$changed"' EXIT
sed 's/-EMEDIUMTYPE)$/-EMEDIUMTYPE || !ret)/' "$page" >"$changed"

check "code on the page is in ng_example.c" in_file c "$example/ng_example.c"
check "build lines on the page are in its Kbuild" in_file make "$example/Kbuild"
check "a line that differs is noticed" eval "! in_file c '$example/ng_example.c' '$changed'"
check "links lead somewhere" links_lead_somewhere
done_testing
