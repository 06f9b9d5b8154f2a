"""The demo: two workspaces with real text, and visitors that keep arriving."""
