"""Scale from the ticks of a ruler."""

from lesionvis.scale.ruler.finder import find_ruler

__all__ = ["find_ruler"]
