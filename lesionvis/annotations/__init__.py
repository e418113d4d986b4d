"""Outlines of spots in the files of other programs: one file per format, read into `DrawnSpots` and written.

`label_mask` reads masks (napari, ImageJ, cellpose), `coco` is spoken by CVAT and Label Studio, `labelme` by labelme,
`geojson` by QuPath and `imagej` by ImageJ; `files` finds out which of them a file is.
"""

from lesionvis.annotations.files import read_annotations

__all__ = ["read_annotations"]
