"""What programs pull, and what is sent on to them."""
