"""One module a step, in order of its number; a released step is never edited."""
