"""The staff member's own pages: in their browser, from a process of their own on this laptop.

Nothing here has more rights than the person. The pages are served on the loopback address, to
programs of that person alone, at an address that works once (``door``); what they show is asked of
the agent over its control socket, and of the person's own folder.
"""
