"""PID 1 of the test guest: mounts, brings lo up, runs /command (JSON) on the second serial line, reports, powers off.

Knows nothing of what it runs. Without tracefs: ebtop has to find or mount that by itself, as on any machine.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import termios
import time
import traceback

LIBC = ctypes.CDLL(None)
MOUNTS = (
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/tmp"),
    ("tmpfs", "/run"),
    ("devpts", "/dev/pts"),
    ("bpf", "/sys/fs/bpf"),
    ("cgroup2", "/sys/fs/cgroup"),
)
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
POWER_OFF = 0x4321FEDC


def prepare() -> None:
    """A machine as a distribution leaves it: the usual mounts, lo up, /dev/fd, as many pids as systemd allows."""
    for kind, where in MOUNTS:
        os.makedirs(where, exist_ok=True)
        LIBC.mount(kind.encode(), where.encode(), kind.encode(), 0, None)
    if not os.path.exists("/dev/fd"):
        os.symlink("/proc/self/fd", "/dev/fd")
    with open("/proc/sys/kernel/pid_max", "w") as most:
        most.write("4194304")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def run() -> int:
    """Exit status of the command; its output goes to ttyS1, unmixed with the kernel's."""
    with open("/command") as file:
        command = json.load(file)
    output = os.open("/dev/ttyS1", os.O_WRONLY | os.O_NOCTTY)
    modes = termios.tcgetattr(output)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(output, termios.TCSANOW, modes)
    environment = {"HOME": "/tmp", "TERM": "xterm", "LANG": "C.UTF-8", **command["environment"]}
    status = subprocess.run(
        command["argv"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/project", env=environment
    ).returncode
    termios.tcdrain(output)
    return status & 255


def main() -> None:
    """Whatever happens, the machine goes off."""
    status = 125
    try:
        prepare()
        status = run()
    except BaseException:
        traceback.print_exc()
    print(f"\nguest: exit status {status} after {time.monotonic():.1f} s", flush=True)
    os.sync()
    LIBC.reboot(POWER_OFF)
    time.sleep(60)


if __name__ == "__main__":
    main()
