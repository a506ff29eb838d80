"""Python text for workers that need sockets, and how a test reads the ends that a probe has seen."""

from __future__ import annotations

LOW_PORTS = """
import itertools, struct

_ports = itertools.count(10007 + os.getpid() % 20011)

def bound(kind, host):  # to a port that is lower than any the kernel chooses for a client
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    while True:
        try:
            one.bind((host, next(_ports)))
            return one
        except OSError: pass

def listener(host):
    one = bound(socket.SOCK_STREAM, host)
    one.listen(128)
    return one

def tell(*sockets):
    os.write(2, " ".join(str(one.getsockname()[1]) for one in sockets).encode() + b" ")
"""
