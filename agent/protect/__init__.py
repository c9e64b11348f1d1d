"""Protecting files for sending: an encrypted copy, and a passphrase to tell by another way.

Used with the staff member's own rights. The originals are read and never touched, nothing of it is
told to the agent, and the passphrase is kept nowhere.
"""
