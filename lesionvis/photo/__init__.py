"""Any file, bytes or array becomes a `Photo`."""

from lesionvis.photo.reader import Photo, PhotoReader, PhotoSource, read_photo

__all__ = ["Photo", "PhotoReader", "PhotoSource", "read_photo"]
