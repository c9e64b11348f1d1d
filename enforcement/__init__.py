"""Enforcement: each action does one thing to one subject, and says how it ended.

To add an action, write one module here that ends in ``make(settings)`` and name it below.
"""

ACTIONS: tuple[str, ...] = (
    "enforcement.seal_file",
    "enforcement.expire_sealed",
    "enforcement.close_folder",
    "enforcement.lock_session",
    "enforcement.block_usb",
    "enforcement.allow_usb",
    "enforcement.allow_usb_read_only",
    "enforcement.restore_own_part",
)
