"""Pure presenters: domain objects in, `Content` out."""
