"""Real panels on an X server without a monitor, for the lab of the tray."""
