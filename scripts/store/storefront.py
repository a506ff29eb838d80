"""storefront PORT: serves pages over IPv4 and IPv6, a thread for each visitor; searching takes a while."""

from __future__ import annotations

import socket
import sys
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Page(SimpleHTTPRequestHandler):
    """A file of the folder `pages`, or a search that waits for its answer."""

    def __init__(self, *connection: Any) -> None:
        super().__init__(*connection, directory="pages")

    def do_GET(self) -> None:
        """Answer one visitor."""
        if self.path.startswith("/search"):
            time.sleep(0.03)
            self.path = "/1.html"
        super().do_GET()

    def log_message(self, format: str, *words: object) -> None:
        """Nothing is logged."""


class Server(ThreadingHTTPServer):
    """Listens on both families."""

    address_family = socket.AF_INET6
    request_queue_size = 64

    def server_bind(self) -> None:
        """Take IPv4 visitors too."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


Server(("::", int(sys.argv[1])), Page).serve_forever(poll_interval=0.02)
