#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.t: a build compiles what changed and nothing else, and forgets no warning. Prints TAP.
#
# The kernel and the tree are stand-ins. The tree's Makefile "compiles" NAME.c to NAME.ko, says so in $work/compiled, and warns
# of what the file's first line asks for.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/tap.sh
. "$here/../vm/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache NG_TEST_COMPILED=$work/compiled
arch=$(dpkg --print-architecture)

kernel=$work/kernel
mkdir -p "$kernel/headers/scripts" "$kernel/headers/tools"
: >"$kernel/config"
cat >"$kernel/kernel.env" <<EOT
KDIRECTORY=$kernel KABI=9.9.0-1-$arch KARCH=$arch KGCC=1
KHEADERS=$kernel/headers KCONFIG=$kernel/config KMODULES= KROOT=
EOT

# tree DIR: one of two modules.
tree()
{
	mkdir -p "$1"
	echo "int a;" >"$1/a.c"
	echo "int b;" >"$1/b.c"
	cat >"$1/Makefile" <<-'EOT'
	.RECIPEPREFIX = >
	.SECONDARY:
	modules: $(patsubst %.c,%.ko,$(wildcard *.c))
	%.o: %.c
	> @echo $< >>$(NG_TEST_COMPILED)
	> @sed -n '1s/^#warn/$<:1: warning:/p' $< >&2
	> @! grep -q '^#error' $<
	> @cp $< $@
	%.ko: %.o
	> @cp $< $@
	EOT
}

# build TREE: into its own out. Prints what was compiled.
build()
{
	: >"$work/compiled"
	"$here/build" "$kernel" "$1" "$1.out" 2>"$work/log" || return
	sort "$work/compiled" | tr '\n' ' '
}

compiles()
{
	local compiled

	compiled=$(build "$1") || { cat "$work/log"; return 1; }
	[ "$compiled" = "$2" ] || { echo "compiled: $compiled"; return 1; }
}

has_modules()
{
	[ "$(tr '\n' ' ' <"$1.out/modules.built")" = "$2" ] &&
		[ "$(cd "$1.out" && echo *.ko)" = "${2% }" ] && cmp "$1/a.c" "$1.out/a.ko"
}

warns()
{
	! build "$1" && grep -q 'a.c:1: warning: of something' "$work/log"
}

fails()
{
	! build "$1" && grep -q 'could not be built' "$work/log"
}

tree "$work/one"
tree "$work/two"
check "all files are compiled" compiles "$work/one" "a.c b.c "
check "the modules are there" has_modules "$work/one" "a.ko b.ko "
check "no object is copied" test ! -e "$work/one.out/a.o"
check "the same again compiles nothing" compiles "$work/one" ""
check "another tree of the same compiles nothing" compiles "$work/two" ""
check "its modules are there" has_modules "$work/two" "a.ko b.ko "
echo "int changed;" >"$work/two/a.c"
touch -d "1 year ago" "$work/two/a.c"
check "a changed file is compiled, however old it is" compiles "$work/two" "a.c "
check "its module is there" has_modules "$work/two" "a.ko b.ko "
check "what a tree has is kept while another one changes" compiles "$work/one" ""
rm -r "$work/one.out"
check "a tree that lost it gets its own file compiled" compiles "$work/one" "a.c "
check "its module is there again" has_modules "$work/one" "a.ko b.ko "
rm "$work/two/b.c"
check "a file that is gone takes its module with it" compiles "$work/two" "a.c "
check "no module is left of it" has_modules "$work/two" "a.ko "
echo "#warn of something" >"$work/two/a.c"
check "a warning is an error" warns "$work/two"
check "also when nothing changed since" warns "$work/two"
echo "#error" >"$work/two/b.c"
check "a file that does not compile fails the build" fails "$work/two"
echo "int b;" >"$work/two/b.c"
check "a warning of another file is seen after it" warns "$work/two"
echo "int a;" >"$work/two/a.c"
check "once mended, all is compiled" compiles "$work/two" "a.c b.c "

# A copy that is stopped half way: tar puts some files there and fails.
mkdir "$work/bin"
printf '#!/bin/sh\ncase $* in\n*-xf*) %s "$@"; exit 1 ;;\nesac\nexec %s "$@"\n' "$(command -v tar)" "$(command -v tar)" >"$work/bin/tar"
chmod +x "$work/bin/tar"
stopped()
{
	! PATH=$work/bin:$PATH build "$1" && [ ! -e "$1.out/.built" ]
}
rm -r "$work/two.out"
check "a copy that is stopped is not complete" stopped "$work/two"
check "and is made again" compiles "$work/two" ""
check "with all modules" has_modules "$work/two" "a.ko b.ko "

# Modules of their own directory, which use symbols of the others: make does not know that.
cat >"$kernel/headers/Makefile" <<'EOT'
.RECIPEPREFIX = >
modules: $(M)/extra.mod.c
$(M)/extra.mod.c:
> @echo extra >>$(NG_TEST_COMPILED)
> @touch $@
EOT
with_extra()
{
	local compiled

	: >"$work/compiled"
	"$here/build" "$kernel" "$work/two" "$work/two.out" "$work/two/own" 2>"$work/log" || { cat "$work/log"; return 1; }
	compiled=$(sort "$work/compiled" | tr '\n' ' ')
	[ "$compiled" = "$1" ] || { echo "compiled: $compiled"; return 1; }
}
mkdir "$work/two/own"
echo "int extra;" >"$work/two/own/extra.c"
printf 'modules: Module.symvers\nModule.symvers: symbols\n> @cp symbols $@\n' >>"$work/two/Makefile"
echo one >"$work/two/symbols"
check "modules that use symbols of others are built" with_extra "a.c b.c extra "
echo "int changed;" >"$work/two/a.c"
check "and not again while those are the same" with_extra "a.c "
echo two >"$work/two/symbols"
check "and again when they are others" with_extra "extra "

# A kernel from elsewhere: its headers may be what the compiler warns of, and not all test modules have to compile.
foreign()
{
	"$here/build" --foreign "$kernel" "$work/one" "$work/one.foreign" "$work/one/good" "$work/one/bad" 2>"$work/log" ||
		{ cat "$work/log"; return 1; }
}
cat >"$kernel/headers/Makefile" <<'EOT'
.RECIPEPREFIX = >
modules:
> @! grep "error: nothing works here" $(M)/source.c
> @cp $(M)/source.c $(M)/module.ko
EOT
mkdir "$work/one/good" "$work/one/bad"
echo "int a;" >"$work/one/good/source.c"
echo "error: nothing works here" >"$work/one/bad/source.c"
echo "#warn of something" >"$work/one/a.c"
check "a foreign kernel's warnings do not fail the build" foreign
check "they are shown" grep -q 'a.c:1: warning: of something' "$work/log"
check "a test module that cannot be built is left out" \
	test "$(tr '\n' ' ' <"$work/one.foreign/modules.built")" = "a.ko b.ko good/module.ko "
check "it is said which one, and why" grep -q 'warning: bad cannot be built for .*: error: nothing works here' "$work/log"
check "a build for another kernel still fails" sh -c "! '$here/build' '$kernel' '$work/one' '$work/one.foreign' '$work/one/good' \
	'$work/one/bad' 2>/dev/null"
done_testing
