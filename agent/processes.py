"""Starting and fencing the agent's other processes; the system's own ways are in processes_<os>."""

import sys

if sys.platform == "linux":
    from agent.processes_linux import (
        Child,
        account_uid,
        ask,
        boot_id,
        drop_rights,
        end,
        end_with_parent,
        keep_running,
        start,
    )
else:
    raise ImportError(f"the agent does not run on {sys.platform} yet")

__all__ = [
    "Child",
    "account_uid",
    "ask",
    "boot_id",
    "drop_rights",
    "end",
    "end_with_parent",
    "keep_running",
    "start",
]
