"""Whether somebody sits at the laptop: a session in front that is not locked."""

from collectors import session as sessions_here
from collectors.session_state import DeskError


def nobody_there() -> bool:
    """True while every screen is locked or shows the greeter, and where that cannot be known."""
    desk = sessions_here.this_machine()
    try:
        return not any(one.watched() and not one.locked for one in desk.sessions())
    except DeskError:
        return True
    finally:
        desk.close()


def who_is_there() -> int | None:
    """The account whose screen is open in front; None if that is nobody, several, or not known."""
    desk = sessions_here.this_machine()
    try:
        found = {one.uid for one in desk.sessions() if one.watched() and not one.locked}
    except DeskError:
        return None
    finally:
        desk.close()
    return found.pop() if len(found) == 1 else None
