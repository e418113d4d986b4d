"""Any file, bytes or array becomes a `Photo`."""

from lesionvis.photo.mask import MaskSource, read_mask
from lesionvis.photo.reader import Photo, PhotoReader, PhotoSource, read_photo

__all__ = ["MaskSource", "Photo", "PhotoReader", "PhotoSource", "read_mask", "read_photo"]
