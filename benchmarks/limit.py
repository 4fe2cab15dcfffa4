"""Hides AVX-512 and AVX-VNNI from libraries that this process loads afterwards, so that they choose their AVX2 code.

LiteRT has no option for that. On Linux a process can ask the kernel to have CPUID raise a signal
(``arch_prctl(ARCH_SET_CPUID)``, on processors with ``cpuid_fault``); a handler then answers in its place, with those
bits cleared. Processes that this one starts are not limited.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import tempfile
from pathlib import Path

from ember_infer_native.toolchain import build_library, find_compiler, host_isa

__all__ = ["limit_to_avx2"]

# Bits of CPUID's leaf 7 by Intel's manual (volume 2, CPUID): all that begins with AVX512, and AMX, in EBX, ECX and EDX
# of subleaf 0; AVX-VNNI, AVX512_BF16, AMX-FP16, AVX-IFMA in EAX and AVX-VNNI-INT8, AVX-NE-CONVERT, AVX-VNNI-INT16,
# AVX10 in EDX of subleaf 1.
_SOURCE = r"""
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

static struct sigaction before;

static void on_fault(int number, siginfo_t *info, void *context) {
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *code = (const uint8_t *)r[REG_RIP];
    if (info->si_code != SI_KERNEL || code[0] != 0x0f || code[1] != 0xa2) { /* not CPUID: a fault like any other */
        sigaction(number, &before, 0);
        return;
    }
    uint32_t leaf = r[REG_RAX], subleaf = r[REG_RCX], a, b, c, d;
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
    __cpuid_count(leaf, subleaf, a, b, c, d);
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
    if (leaf == 7 && subleaf == 0) {
        b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31));
        c &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
        d &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25));
    } else if (leaf == 7 && subleaf == 1) {
        a &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23));
        d &= ~(BIT(4) | BIT(5) | BIT(10) | BIT(19));
    }
    r[REG_RAX] = a, r[REG_RBX] = b, r[REG_RCX] = c, r[REG_RDX] = d;
    r[REG_RIP] += 2;
}

/* Whether from now on CPUID says that there is AVX2 and no AVX-512. */
int ember_limit(void) {
    struct sigaction action = {0};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (sigaction(SIGSEGV, &action, &before) || syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0)) return 0;
    uint32_t a, b, c, d;
    __cpuid_count(7, 0, a, b, c, d);
    return (b & BIT(5)) && !(b & BIT(16));
}
"""


def limit_to_avx2() -> None:
    """From now on CPUID tells this process of AVX2 and nothing above it.

    Raises:
        RuntimeError: this machine cannot do that; the message says why.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64" or "cpuid_fault" not in host_isa():
        raise RuntimeError("only Linux on x86-64 with cpuid_fault lets a process hide AVX-512 from a library")
    with tempfile.TemporaryDirectory(prefix="ember-limit-") as folder:
        path = Path(folder) / "limit.so"
        build_library(find_compiler(), {"limit.c": _SOURCE}, ("-std=gnu11", "-O1"), path, main="limit.c")
        library = ctypes.CDLL(str(path))  # stays loaded: the handler is in it
    if not library.ember_limit():
        raise RuntimeError("the kernel does not let this process have CPUID raise a signal")
