"""Figures of models and measurements against truth."""
