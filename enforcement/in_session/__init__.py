"""Runs as the staff member, in their own session: asks for a lock, and looks whether it is there.

Nothing here has rights that the person has not, and nothing it says is believed beyond a few words.
"""
