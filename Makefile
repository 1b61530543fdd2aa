# SPDX-License-Identifier: GPL-2.0-only
#
#   make            build both modules for KDIR (default: the running kernel), W=1
#   make LLVM=-21   the same, with this clang or gcc (CC=gcc-14) instead of the kind that built the kernel
#   make C=1        the same, checked by sparse
#   make demo       see it work in a virtual machine, stock module beside ours
#   make check      the tests
#   make check-all  all tests on every kernel and IOMMU, and more real clients (DPDK), which takes hours
#   make fuzz MINUTES=n [KERNEL=...] [SEED=...] [THREADS=1]
#                   do random things to a container of stock and to one of ours, and compare; with THREADS=1,
#                   ours does some of them at once
#   make soak MINUTES=n [KERNEL=...] [SEED=...]
#                   do everything at once to our backend, and see that nothing is left of it
#   make check-debug  tests on kernels that are built first: with KASAN, lockdep and failing allocations; with clang;
#                   with pages of 64 KiB
#   make bench      what mapping, unmapping and attaching cost, stock module beside ours, on four kernels
#   make bench-check  the same, and whether anything is slower than in the committed reference or than it may be
#   make backport-check IMAGE="..." HEADERS="..." [BACKEND=stock|ng|FILE.ko]
#                   which parts of the series a distribution's kernel package has
#   make help       the rest

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= bookworm
# The benchmark's own default is several.
BENCH_KERNELS = $(if $(filter file,$(origin KERNEL)),,$(KERNEL))
W ?= 1

# The modules are built by what built the kernel, unless somebody names a compiler, as LLVM= and CC= do for the kernel. With
# COMPILER=kernel, what they say is not heeded: DKMS adds such words, but does not look which clang there is.
NAMED = $(filter command,$(origin CC) $(origin LLVM)) $(filter environment,$(origin LLVM))
COMPILER = $(if $(strip $(NAMED)),named,kernel)
TOOLS = $(if $(filter kernel,$(COMPILER)),$(shell sh compat/compiler.sh "$(KDIR)"))

PROBES := compat/generated/probes.h

# All checks of the target kernel are shell; they say what is wrong in words.
CHECK_KERNEL = COMPILER=$(COMPILER) sh compat/check-kernel.sh "$(KDIR)"
CHECK_LAYOUT = grep -q 'define HAVE_VFIO_DRIVER_OPS_PUBLIC' $(PROBES) || sh compat/check-layout.sh "$(KDIR)"

all: modules

$(PROBES): FORCE
	@$(CHECK_KERNEL)
	@MAKE="$(MAKE)" sh compat/probe.sh "$(KDIR)" $@ $(TOOLS)
	@$(CHECK_LAYOUT)

modules: $(PROBES)
	+$(MAKE) -C $(KDIR) M=$(CURDIR) W=$(W) $(TOOLS) modules

# For test modules alone, which also work on kernels that ours refuse.
probes:
	@MAKE="$(MAKE)" sh compat/probe.sh "$(KDIR)" $(PROBES) $(TOOLS)

modules_install: modules
	+$(MAKE) -C $(KDIR) M=$(CURDIR) $(TOOLS) modules_install

clean:
	[ ! -d "$(KDIR)" ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C tests/unit clean
	rm -rf compat/generated

demo:
	KERNEL=$(KERNEL) tests/vm/demo

check:
	tests/vm/check

check-all:
	tests/vm/check-all

fuzz:
	KERNEL="$(KERNEL)" SEED="$(SEED)" tests/vm/fuzz $(MINUTES)

soak:
	KERNEL="$(KERNEL)" SEED="$(SEED)" tests/vm/soak $(MINUTES)

debug-kernel:
	sed -n 's/^\([a-z0-9]*-[^\t]*\)\t.*/\1/p' tests/vm/matrix-debug | sort -u | xargs -n 1 tests/kernels/build-kernel

check-debug:
	tests/vm/check-debug

bench:
	tests/bench/run $(BENCH_KERNELS)

bench-check:
	tests/bench/run $(BENCH_KERNELS)
	tests/bench/check

bench-accept:
	tests/bench/accept

backport-check:
	@IMAGE="$(IMAGE)" HEADERS="$(HEADERS)" BACKEND="$(BACKEND)" tests/vm/backport-check

docs:
	$(MAKE) -C tests/unit docs

help:
	@sed -n 's/^#   //p' Makefile
	@echo 'make modules_install   install for the running kernel (DKMS is the better way, see docs/install.md)'
	@echo 'make debug-kernel      build the kernels of check-debug, which takes a while'
	@echo 'make bench-accept      make what make bench measured the reference'
	@echo 'make clean             remove what was built'
	@echo 'make docs              bring the tables of docs/attach-errors.md and docs/differences.md up to date'
	@echo 'Variables: KDIR (kernel headers), W (kbuild warnings),'
	@echo '  KERNEL (Debian suite of the guests of demo, fuzz, soak and bench)'

.PHONY: all modules probes modules_install clean demo check check-all check-debug fuzz soak
.PHONY: debug-kernel backport-check docs help FORCE
FORCE:
