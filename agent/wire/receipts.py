"""The number that a person notes down of what they told."""


def receipt_number(event_id: str) -> str:
    """Eight characters of the event's id, in two groups."""
    return f"DW-{event_id[:4]}-{event_id[4:8]}".upper()
