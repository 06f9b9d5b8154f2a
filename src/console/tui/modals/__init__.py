"""Questions and explanations over a screen, typed by their result."""
