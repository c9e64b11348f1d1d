"""What lies on a storage medium, judged from its own first bytes and from nothing else.

What udev or a label says about a stick proves nothing: forty bytes pass as BitLocker there, and a
suspended BitLocker volume keeps its key in the open. ``header`` reads what a volume really is,
``tables`` where the volumes are, ``verdict`` makes one verdict of all of them, and ``probe`` does
the reading in a process of its own without rights, since these bytes are whatever somebody chose
to put there.
"""
