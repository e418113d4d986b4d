"""Training tables and models."""
