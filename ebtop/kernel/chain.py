"""The programs of one raw tracepoint behind one another: the kernel calls the first, each goes on to the next.

The first does nothing else. It is attached while there is any other, and detached with the last; the others come and
go by a store into an array, which no event is lost by. Closing this process's descriptors, however that happens,
detaches the first and lets go of all.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass

from ebtop.kernel import chained, programs

MOST = 30
"""Programs behind one: the kernel goes on no more than 33 times (MAX_TAIL_CALL_CNT, include/linux/bpf.h), 32 before
5.16. There may be several of these at one place."""


@dataclass(frozen=True, slots=True)
class _Member:
    owner: Hashable
    program: int
    following: int
    """The array through which it goes on."""

    def close(self) -> None:
        os.close(self.program)
        os.close(self.following)


class Chain:
    """Those behind one program that is attached to `target`, in the order in which they came."""

    def __init__(self, target: str) -> None:
        """OSError or Refused when the kernel does not take it."""
        self._members: list[_Member] = []
        self._following = chained.new_next()
        self.head = self._link = -1
        """Descriptor of the program that is attached."""
        try:
            self.head = programs.load("raw_tracepoint", "ebtop_head", chained.head(self._following))
            self._link = programs.attach("raw_tracepoint", target, self.head).link
        except programs.Refused:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._members)

    def join(self, owner: Hashable, program: int, following: int) -> None:
        """`program`, which goes on through `following`, comes last; takes both over. OSError if it cannot."""
        member = _Member(owner, program, following)
        chained.go_on(self._members[-1].following if self._members else self._following, program)
        self._members.append(member)

    def leave(self, owner: Hashable) -> None:
        """What `owner` brought runs no more."""
        before, staying = self._following, []
        for member, after in zip(self._members, [*self._members[1:], None], strict=True):
            if member.owner != owner:
                staying.append(member)
                before = member.following
                continue
            chained.go_on(before, after.program if after else -1)
            member.close()
        self._members = staying

    def close(self) -> None:
        """Detach, and let go of all."""
        for descriptor in (self._link, self.head, self._following):
            if descriptor >= 0:
                os.close(descriptor)
        for member in self._members:
            member.close()
        self._members = []


class Chains:
    """All of them, by the raw tracepoint they are at."""

    def __init__(self) -> None:
        self._at: defaultdict[str, list[Chain]] = defaultdict(list)

    def join(self, owner: Hashable, target: str, program: int, following: int) -> int:
        """Descriptor, which stays here, of the program at the head of the one that took it; takes over the other two.

        OSError or Refused, both of them closed, when the kernel does not take it.
        """
        try:
            chain = self._with_room(target)
            chain.join(owner, program, following)
        except (OSError, programs.Refused):
            os.close(program)
            os.close(following)
            self._detach_empty()
            raise
        return chain.head

    def _with_room(self, target: str) -> Chain:
        chain = next((chain for chain in self._at[target] if len(chain) < MOST), None)
        if chain is None:
            chain = Chain(target)
            self._at[target].append(chain)
        return chain

    def leave(self, owner: Hashable) -> None:
        """What `owner` brought runs no more, and where nothing else does, nothing is attached."""
        for chain in self._all():
            chain.leave(owner)
        self._detach_empty()

    def _detach_empty(self) -> None:
        for target, chains in self._at.items():
            for chain in chains:
                if not len(chain):
                    chain.close()
            self._at[target] = [chain for chain in chains if len(chain)]

    def close(self) -> None:
        """Detach everything."""
        for chain in self._all():
            chain.close()
        self._at.clear()

    def _all(self) -> list[Chain]:
        return [chain for chains in self._at.values() for chain in chains]
