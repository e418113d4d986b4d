"""Finds red and purple spots in photos of skin, measures them in millimetres and names their pattern."""

__version__ = "0.1.0"
