"""The demo in a terminal, by whoever runs the tests: no root, no kernel, nothing to attach."""

from __future__ import annotations

import os
import signal

import pytest

from tests.kernel.terminal_session import TerminalSession


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_it_ends_in_order(number: signal.Signals) -> None:
    """By a signal: the status says which, and the terminal is as before."""
    with TerminalSession(["-m", "ebtop", "--demo"]) as session:
        session.wait_for(b"REPLAY")
        os.kill(session.pid, number)
        assert session.status() == 128 + number
        assert session.modes() == session.modes_before


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("paused", [False, True])
def test_it_ends_with_its_terminal(deaf: bool, paused: bool) -> None:
    """Nobody else is there to end it, and it may be told of by no signal: what it still writes is lost."""
    with TerminalSession(["-m", "ebtop", "--demo"], deaf=deaf) as session:
        session.wait_for(b"REPLAY")
        if paused:
            session.wait_for(b"PAUSED", session.send(b" "))
        session.close_terminal()
        session.wait_end()
