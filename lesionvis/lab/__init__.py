"""Rendering, training and evaluation; nothing outside this folder and the tests imports it."""
