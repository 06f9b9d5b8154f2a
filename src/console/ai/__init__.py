"""Adapters to models: embedder, answerers, model endpoint."""
