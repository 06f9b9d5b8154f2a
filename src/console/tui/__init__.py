"""The operator console in the terminal: it knows the services it is given, and nothing below them."""
