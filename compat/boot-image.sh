# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034  # $reason is for who sources this
#
# boot-image.sh: the kernel that is packed in an x86 boot image.  To be sourced; for the layout check
# of a build, and for the tests, which boot it unpacked.
#
#   is_boot_image FILE
#   unpack_boot_image FILE OUT   false, with half a sentence in $reason, if that cannot be done; not to
#                                be run in a subshell.  Leaves OUT.packed then
#   need PROGRAM FILE            is the program there that unpacks the file?  Likewise

need() {
	command -v "$1" >/dev/null && return
	reason="$1 is not installed, which unpacks $2"
	return 1
}

# The numbers of x86 are little-endian, as is every machine that the modules are built on.
image_number() {
	od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

image_hex() {
	od -A n -t x1 -j "$2" -N 4 "$1" 2>/dev/null | tr -d ' \n'
}

# The magic of the setup header.
is_boot_image() {
	[ "$(image_hex "$1" 514)" = 48647253 ]
}

# The setup header has the number of sectors of 512 bytes before the code at 0x1f1 (0 means 4), where in
# the code the packed kernel is at 0x248, and its length at 0x24c.  All packers but gzip are followed by
# the unpacked size in 4 bytes, which zstd would take for garbage.
unpack_boot_image() {
	image_sectors=$(image_number "$1" 497 1)
	[ "$image_sectors" != 0 ] || image_sectors=4
	image_start=$(((image_sectors + 1) * 512 + $(image_number "$1" 584 4)))
	image_bytes=$(image_number "$1" 588 4)
	tail -c +$((image_start + 1)) "$1" | head -c "$image_bytes" >"$2.packed"
	reason="the kernel inside $1 is packed in a way that is not known here"
	case $(image_hex "$2.packed" 0) in
	fd377a58)
		need xz "$1" && head -c $((image_bytes - 4)) "$2.packed" | xz -dc >"$2" 2>/dev/null
		;;
	28b52ffd)
		need zstd "$1" && head -c $((image_bytes - 4)) "$2.packed" | zstd -dcq >"$2" 2>/dev/null
		;;
	1f8b*)	gzip -dc <"$2.packed" >"$2" 2>/dev/null ;;
	*)	false ;;
	esac || return 1
	rm "$2.packed"
	reason="what is packed inside $1 is not an ELF kernel"
	[ "$(image_hex "$2" 0)" = 7f454c46 ]
}
