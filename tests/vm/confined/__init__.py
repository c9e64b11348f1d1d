"""The agent as its unit confines it, at the work that the other labs do not see it do.

``cases`` are what has to come of each. ``tests/vm/unit.py`` is the command.
"""
