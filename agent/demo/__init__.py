"""The demonstration: a sample home of invented pupils, and the whole product run on it once.

Nothing here is used on a laptop that guards real files.
"""
