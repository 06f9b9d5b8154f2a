"""A terminal operator console for AI support agents."""

__version__ = "0.1.0"
