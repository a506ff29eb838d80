"""What a program of bpftrace may not hold that the drawing process asks for; runs nothing.

What bpftrace traces it may read, the memory of the kernel and of every process with it: that is what it is for, and the
drawing process, whoever has taken it over, has as much of it by asking. It is not to have root's files as well. So a
program that was not there when ebtop was started may neither print nor write files, nor include any but the system's
headers, of whose lines bpftrace's errors tell. bpftrace itself keeps it from running commands (without --unsafe).

It is looked for in the text, not in what bpftrace makes of it: rather a harmless program is refused.
"""

from __future__ import annotations

import re

LONGEST = 16_384
"""Characters of a program, as in bpftrace.declaring."""
MOST = 16
"""Programs at a time, those included that were told to end and have not yet."""
_REMEDY = "; start ebtop with that program instead (--bt)"
_SPLICE = re.compile(r"\\[^\S\n]*\n")
"""A line that goes on in the next one: a word may be in two."""
_HEADER = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(?!/)(?![^>\n]*\.\.)[\w./+-]+>[ \t]*$", re.MULTILINE)
_BETWEEN = r"(?:\s|/\*(?>.*?\*/)|//[^\n]*\n)*+"
"""Blanks and comments; as they come, without a second thought: a text may not make the search take for ever."""
_DIRECTIVE = rf"(?:#|%:|\?\?=){_BETWEEN}"
"""With what a line for the preprocessor begins (C11 6.4.6, 5.2.1.1)."""
_CAT = re.compile(rf"\bcat{_BETWEEN}\(", re.DOTALL)
_DEFINES = re.compile(rf"{_DIRECTIVE}define\b", re.DOTALL)
_INCLUDES = re.compile(rf"{_DIRECTIVE}(?:include|include_next|import|embed)\b|\bimport{_BETWEEN}\"", re.DOTALL)


def refusal(text: str) -> str:
    """Why the program is not run for the drawing process, in one line with the remedy; "" where it may be."""
    if len(text) > LONGEST:
        return f"the program is longer than {LONGEST} characters"
    if "\0" in text:
        return "the program holds a NUL character"
    text = _HEADER.sub("", _SPLICE.sub("", text))
    if _CAT.search(text) or (_DEFINES.search(text) and re.search(r"\bcat\b", text)):
        return f"what is typed while ebtop runs may not print files (cat){_REMEDY}"
    if "skboutput" in text:
        return f"what is typed while ebtop runs may not write files (skboutput){_REMEDY}"
    if _INCLUDES.search(text):
        return f"what is typed while ebtop runs may include only headers of the system, as <linux/sched.h>{_REMEDY}"
    return ""
