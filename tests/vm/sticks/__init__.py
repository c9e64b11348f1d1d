"""Sticks in the laptop of the lab, with the product's package in it: who gets at what, and when.

``product`` puts the package in and sets policies, ``thief`` is a person who tries everything a
person can, ``watch`` reads what the kernel, udev and the agent said, ``cases`` and
``stories`` what has to come of it, and ``rows`` the table. ``tests/vm/usb.py`` is the command.
"""
