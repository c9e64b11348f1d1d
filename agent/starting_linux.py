"""Linux: the installed agent has its starter (``agent.starter_linux``) start what changes accounts.

Workers and probes ask it by themselves; who acts in a person's place is started where the agent
says, since enforcement knows nothing of the recogniser.
"""

import os

from collectors import starting_linux
from enforcement import lock_person_linux


def use_starter() -> None:
    """Have a person's process started by the starter, if this agent has one."""
    if starting_linux.STARTER in os.environ:
        lock_person_linux.elsewhere = starting_linux.person
