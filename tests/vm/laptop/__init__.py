"""The laptop of the lab: a Debian desktop in QEMU, with a port for sticks that do not exist.

``image`` makes its disk, ``qmp`` speaks to the machine, ``machine`` starts and restores it and runs
commands in it, ``desktop`` has it ready with somebody logged in, ``media`` makes what is plugged
in. Nothing in here knows the product.
"""
