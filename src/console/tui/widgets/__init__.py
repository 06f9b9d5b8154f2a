"""House widgets: the safe way to show text is the only way."""
