"""The icon in the staff member's session: a process of its own, with their rights and no more.

It brings in neither collectors nor enforcement; all it knows it asks over the control socket.
"""
