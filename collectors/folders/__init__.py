"""Folders that are looked through and watched: opening safely, walking, watching, remembering."""
