"""Reading the table ``[messages]`` of a policy file: when people are not to be disturbed."""

from typing import Any

from agent.policy_usb_file import Kinds, Reader
from agent.quiet import MOST, Span, span

MESSAGES: Kinds = {"quiet": list, "while_presenting": str}
WHILE_PRESENTING = ("wait", "tell")


def read_messages(reading: Reader, given: Any) -> tuple[tuple[Span, ...], bool]:
    """The quiet hours, and whether what can wait does so while somebody presents."""
    table = reading.section(given, MESSAGES, "messages")
    listed = table.get("quiet", [])
    if len(listed) > MOST:
        reading.wrong("messages", 0, "quiet", f"'quiet' holds at most {MOST} spans")
    spans = []
    for one in listed[:MOST]:
        found = span(one)
        if found is None:
            says = "'quiet' is a list of hours in quotes, such as [\"18:00-07:30\"]"
            reading.wrong("messages", 0, "quiet", says)
            break
        spans.append(found)
    word = reading.one_of(table, "while_presenting", WHILE_PRESENTING, "wait", "messages", 0)
    return tuple(spans), word == "wait"
