"""Collectors: each watches one thing on the laptop and yields typed observations.

To add a collector, write one module here that ends in ``make(settings)`` and name it below.
The tuple holds module names, not classes, so that importing one collector pulls in no other's
libraries; it is literal because a process with root's rights must not run whatever a package
happens to register.
"""

COLLECTORS: tuple[str, ...] = (
    "collectors.pupil_files",
    "collectors.usb",
    "collectors.ports",
    "collectors.session",
    "collectors.leaving",
    "collectors.stick_files",
    "collectors.posture",
    "collectors.own_parts",
)
