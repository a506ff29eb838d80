"""orders DATABASE: stores orders, each in a transaction of its own that reaches the disk, more of them in waves."""

from __future__ import annotations

import itertools
import math
import sqlite3
import sys
import time

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("pragma journal_mode = wal")
database.execute("pragma synchronous = full")
database.execute("create table if not exists orders (id integer primary key, page integer, note text)")
for number in itertools.count():
    database.execute("insert into orders (page, note) values (?, ?)", (number % 40, "tea " * (number % 200)))
    if number % 10 == 0:
        database.execute("select count(*), max(page) from orders where page = ?", (number % 40,)).fetchall()
    time.sleep(0.02 + 0.06 * (1 + math.sin(time.monotonic() / 4)))
