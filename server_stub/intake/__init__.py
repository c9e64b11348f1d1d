"""What laptops send: who is let in, what is believed, what is kept."""
