#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A release has one version: dkms.conf says it, and whatever has to repeat it says the same.

set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$ng_tree"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)

is_a_version()
{
	[[ $version =~ ^[0-9]+(\.[0-9]+)+$ ]]
}

changelog_agrees()
{
	local said

	said=$(sed -nE '1s/^vfio-type1-ng \(([^)]*)-[^-)]*\) .*/\1/p' packaging/debian/changelog)
	echo "packaging/debian/changelog says $said, dkms.conf says $version"
	[ "$said" = "$version" ]
}

# Commands for people to copy: vfio-type1-ng/VERSION for dkms, /usr/src/vfio-type1-ng-VERSION.
paper_agrees()
{
	local said

	said=$(grep -hoE 'vfio-type1-ng[-/][0-9][0-9.]*[0-9]' "$1" | sed 's#^vfio-type1-ng[-/]##' | sort -u)
	echo "$1 says ${said//$'\n'/, }, dkms.conf says $version"
	[ "$said" = "$version" ]
}

modules_take_it_from_there()
{
	local said

	said=$(grep -rhoE '^MODULE_VERSION\(.*\)' iommu_emt vfio_type1_ng | sort | uniq -c | tr -s ' ')
	echo "$said"
	[ "$said" = " 2 MODULE_VERSION(VFIO_TYPE1_NG_VERSION)" ]
}

check "dkms.conf has a version" is_a_version
check "Debian's changelog is about that version" changelog_agrees
check "docs/install.md names that version" paper_agrees docs/install.md
check "SECURE-BOOT names that version" paper_agrees packaging/SECURE-BOOT.md
check "the modules take it from dkms.conf" modules_take_it_from_there
done_testing
