"""Who is let in to the console: passwords, second factors, single sign-on, tokens of programs."""
