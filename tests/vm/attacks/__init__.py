"""A staff member against the installed agent, and what befalls its own parts by accident."""
