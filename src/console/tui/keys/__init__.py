"""The commands, one place where they work a file."""
