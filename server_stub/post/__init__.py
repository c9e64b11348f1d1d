"""Mail: reminders of the clocks of the register, written, sent and noted."""
