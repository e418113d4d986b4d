"""Rendering, training and evaluation; only its own entry point, the tests and one command (`train`) import it."""
