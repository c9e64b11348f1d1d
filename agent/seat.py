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
