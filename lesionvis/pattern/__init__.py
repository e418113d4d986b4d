"""Features of a photo and the pattern that its spots make."""

from lesionvis.pattern.pattern import Pattern, PatternModel, find_pattern, load_pattern_model

__all__ = ["Pattern", "PatternModel", "find_pattern", "load_pattern_model"]
