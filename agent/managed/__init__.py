"""A policy that came signed: what is believed, by whom it must be signed, and where it is kept."""
