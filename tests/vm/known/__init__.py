"""Media that others made: the images by which Debian's cryptsetup tests itself.

They are fetched from the source package when ``./dev lab media`` runs and kept in the lab's cache;
nothing of them is in this repository.
"""
