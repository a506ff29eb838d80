"""The running kernel's full headers, for kernels without type information: which file has which struct; reads none.

BCC finds the headers by itself in /lib/modules, as the distribution's package puts them there, and nowhere else as
long as they are there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ebtop.kernel import btf

_FILES = {
    "dentry": "linux/dcache.h",
    "fdtable": "linux/fdtable.h",
    "file": "linux/fs.h",
    "file_system_type": "linux/fs.h",
    "files_struct": "linux/fdtable.h",
    "fs_struct": "linux/fs_struct.h",
    "gendisk": "linux/blkdev.h",
    "inet_sock": "net/inet_sock.h",
    "inode": "linux/fs.h",
    "irqaction": "linux/interrupt.h",
    "kernel_siginfo": "linux/signal_types.h",
    "linux_binprm": "linux/binfmts.h",
    "mm_struct": "linux/mm_types.h",
    "msghdr": "linux/socket.h",
    "net": "net/net_namespace.h",
    "net_device": "linux/netdevice.h",
    "request": "linux/blk-mq.h",
    "request_queue": "linux/blkdev.h",
    "signal_struct": "linux/sched/signal.h",
    "sk_buff": "linux/skbuff.h",
    "skb_shared_info": "linux/skbuff.h",
    "sock": "net/sock.h",
    "socket": "linux/net.h",
    "super_block": "linux/fs.h",
    "task_struct": "linux/sched.h",
    "tcp_sock": "linux/tcp.h",
    "vfsmount": "linux/mount.h",
}
"""By struct, the header with all its members."""


def present() -> bool:
    """Whether they are installed. Debian divides them: "build" has what was configured, "source" the rest."""
    modules = f"/lib/modules/{os.uname().release}"
    return any(os.path.exists(f"{modules}/{part}/include/linux/kconfig.h") for part in ("build", "source"))


def lacking(wanted: Iterable[str]) -> str:
    """What they lack of the members `wanted` ("struct.member"), in one line; "" when nothing is known to be missing."""
    if not present():
        return f"{btf.VMLINUX}: this kernel has no type information, and its headers are not installed"
    hidden = sorted(name if " " in name else f"struct {name}" for name in _structs(wanted) - _FILES.keys())
    return f"{btf.VMLINUX}: this kernel has no type information, and no header has {hidden[0]}" if hidden else ""


def includes(wanted: Iterable[str]) -> str:
    """C lines that declare the structs of the members `wanted`."""
    files = sorted({_FILES[name] for name in _structs(wanted)})
    return "".join(f"#include <{file}>\n" for file in files)


def _structs(wanted: Iterable[str]) -> set[str]:
    return {path.split(".", 1)[0] for choice in wanted for path in choice.split("|")}
