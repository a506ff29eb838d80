"""The wire between the screen's process and the warden: frozen messages, and descriptors beside them.

A Unix SOCK_SEQPACKET pair, one JSON object a packet, descriptors by SCM_RIGHTS. Nothing here knows what a message does.
"""

from __future__ import annotations

from ebtop.wire.fromscreen import (
    Aim,
    AskContainers,
    AskHooks,
    AskObjects,
    AskProgram,
    AskSymbols,
    AskWays,
    Bye,
    FromScreen,
    Go,
    Leave,
    Print,
    Save,
    Statistics,
    Want,
)
from ebtop.wire.fromwarden import (
    Aimed,
    Answer,
    Clock,
    Containers,
    Ended,
    Exited,
    FromWarden,
    Live,
    Objects,
    OfProbe,
    Piped,
    Programs,
    Progress,
    Saved,
)
from ebtop.wire.layouts import Field, MapInfo
from ebtop.wire.packets import LOG_LIMIT, Message, close, decode, encode, pair, receive, send

__all__ = (
    "LOG_LIMIT",
    "Aim",
    "Aimed",
    "Answer",
    "AskContainers",
    "AskHooks",
    "AskObjects",
    "AskProgram",
    "AskSymbols",
    "AskWays",
    "Bye",
    "Clock",
    "Containers",
    "Ended",
    "Exited",
    "Field",
    "FromScreen",
    "FromWarden",
    "Go",
    "Leave",
    "Live",
    "MapInfo",
    "Message",
    "Objects",
    "OfProbe",
    "Piped",
    "Print",
    "Programs",
    "Progress",
    "Save",
    "Saved",
    "Statistics",
    "Want",
    "close",
    "decode",
    "encode",
    "pair",
    "receive",
    "send",
)
