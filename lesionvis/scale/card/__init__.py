"""The printed card: its description, its PDF, and the scale read from it in a photo."""
