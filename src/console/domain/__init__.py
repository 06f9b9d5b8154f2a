"""Frozen types, states and pure rules: the nouns that every layer speaks of."""
