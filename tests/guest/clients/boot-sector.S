/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First sector of a disk. Run by PC firmware, it reads the 64 sectors behind it, writes them to the disk again from sector 128
 * on, says on port 0x402 (isa-debugcon) what those sectors begin with, up to a zero byte, and ends QEMU through port 0xf4
 * (isa-debug-exit) with status 33; with status 35 when a transfer fails.
 */
	.code16
	.globl _start
_start:
	ljmp	$0, $begin
begin:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	cld
	/* %dl is the disk, as the firmware numbers it. */
	movw	$packet, %si
	movb	$0x42, %ah
	int	$0x13
	movb	$0x11, %al
	jc	end
	movw	$128, sector
	movw	$packet, %si
	movw	$0x4300, %ax
	int	$0x13
	movb	$0x11, %al
	jc	end

	movw	segment, %ax
	movw	%ax, %ds
	xorw	%si, %si
	movw	$0x402, %dx
say:	lodsb
	outb	%al, %dx
	testb	%al, %al
	jnz	say
	movb	$0x10, %al

end:	movw	$0xf4, %dx
	outb	%al, %dx
	hlt
	jmp	end

	/* For the firmware's extended read and write. */
packet:	.byte	16, 0
	.word	64
	.word	0
segment: .word	0x1000
sector:	.quad	1

	.org	510
	.word	0xaa55
