"""sessions: two threads hand small messages to and fro; a short-lived child checks each two thousandth."""

from __future__ import annotations

import math
import os
import threading
import time


def answer(asked: int, answered: int) -> None:
    """Give back whatever comes."""
    while message := os.read(asked, 512):
        os.write(answered, message)


asked, ask = os.pipe()
answered, give = os.pipe()
threading.Thread(target=answer, args=(asked, give), daemon=True).start()
number = 0
while True:
    busy = 1 + math.sin(time.monotonic() / 3)
    for _ in range(int(20 + 180 * busy)):
        number += 1
        os.write(ask, b"." * (1 + number % 500))
        os.read(answered, 512)
        if number % 2000 == 0:
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
    time.sleep(0.05)
