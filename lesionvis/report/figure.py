"""A photo as a figure for a paper: source pixels under numbered outlines that stay lines; needs matplotlib."""

from __future__ import annotations

import hashlib
import textwrap
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.files import check_output, write_output
from lesionvis.photo.decode import decode, read_header
from lesionvis.report.overlay import LESION_COLOR, SPOT_COLOR, bar_length_mm
from lesionvis.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lesionvis.analysis import Analysis

# Longer side of the photo in the figure: the text width of a journal's page.
LONG_SIDE_INCHES = 7.0
# A narrow photo has room beside it, so that its caption is not one word a line.
MIN_WIDTH_INCHES = 2.5
# A small photo is enlarged in a PNG by a whole number until its longer side has this many px, for the letters' sake.
PNG_MIN_LONG_SIDE_PX = 1600
# Sizes of letters and lines, points; the caption's are those of a journal, numbers must not hide their spots.
CAPTION_PT, NUMBER_PT, BAR_TEXT_PT, LINE_PT, SHADOW_PT = 8.0, 5.0, 8.0, 0.6, 1.4
LINE_HEIGHT_INCHES = 1.4 * CAPTION_PT / 72.0
# Mean width of a letter of DejaVu Sans over its size, rounded up.
LETTER_WIDTH = 0.6
# Distance of the bar from the frame and its height, both over the longer side of the photo.
BAR_MARGIN_SHARE, BAR_HEIGHT_SHARE = 0.02, 0.006
# A number stands on the other side of its spot within this share of the frame's sides.
EDGE_SHARE = 0.05

# Keys of any type, since matplotlib's types of settings differ from version to version.
SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "lesionvis",  # names of clips would differ from one time to the next
    "svg.fonttype": "none",  # letters stay letters, for whoever edits the figure
    "pdf.fonttype": 42,  # journals refuse the outlines of letters that are the default (type 3)
    "image.composite_image": False,
    "text.parse_math": False,
}
# No dates: the same photo gives the same bytes.
METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Creator": "lesionvis", "Date": None},
    ".pdf": {"Creator": "lesionvis", "Producer": None, "CreationDate": None},
    ".png": {"Software": "lesionvis"},
}


def check_figure(path: Path) -> None:
    """Make sure before any work that a figure can be written.

    Parameters
    ----------
    path : Path
        File to write.

    Raises
    ------
    SettingsError
        If matplotlib is not installed, the path does not end in .svg, .pdf or .png, or its folder does not exist.
    """
    check_output("figure", path, *METADATA)
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise SettingsError('Figures need matplotlib; pip install "lesionvis[figures]".') from error


def write_figure(analysis: Analysis, source: str | Path | bytes | NDArray[np.uint8], path: str | Path) -> None:
    """Write a photo with its numbered spots, a scale bar and a line of caption.

    Neither the name of the photo nor any of its metadata is in the figure, which goes to strangers.

    Parameters
    ----------
    analysis : Analysis
        Of the photo.
    source : str, Path, bytes or ndarray of shape (H, W, 3), uint8
        The photo itself, as an analysis keeps only what it worked on: its file, the bytes of the file, or its upright
        pixels, red first.
    path : str or Path
        File to write: .svg and .pdf hold the pixels of the source with the outlines as lines and the letters as
        letters, .png is all pixels. One that is there is overwritten.

    Raises
    ------
    SettingsError
        If `check_figure` refuses the path, or the file cannot be written.
    UnreadablePhoto
        If `source` is not the photo that was analysed, or can no longer be read.

    Notes
    -----
    The outline of spot k and its number have the ids ``spot-k`` and ``number-k`` in an SVG file, k as in the column
    ``spot``; the bar has the id ``scale-bar``. There is a bar only where there is a scale, whose mean it shows.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lesionvis import analyze
    >>> photo = "sample_images/naevus-ruler.jpg"
    >>> with TemporaryDirectory() as folder:
    ...     write_figure(analyze(photo), photo, Path(folder, "figure.svg"))
    ...     Path(folder, "figure.svg").read_text().count('id="spot-')
    1
    """
    path = Path(path)
    check_figure(path)
    rgb = _source_pixels(analysis, source)
    content = _drawn(analysis, rgb, path.suffix.lower())
    write_output("figure", path, content)


def caption_of(analysis: Analysis) -> str:
    """Caption of a figure.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        Number of spots, their median diameter in mm, or in px without a scale, where the scale comes from, and who
        drew the outlines.
    """
    count = len(analysis.table)
    unit = "mm" if isinstance(analysis.scale, Scale) else "px"
    parts = [f"{count} spot{'s' if count != 1 else ''}"]
    if count:
        name = "median diameter" if count > 1 else "diameter"
        parts.append(f"{name} {np.median(analysis.table[f'diameter_{unit}']):.{1 if unit == 'mm' else 0}f} {unit}")
    if isinstance(analysis.scale, Scale):
        parts.append(f"{analysis.scale.px_per_mm:.3g} px per mm ({analysis.scale.source})")
    else:
        parts.append("no scale")
    by_whom = f"lesionvis {analysis.version}" if analysis.drawn is None else "a person"
    return f"{', '.join(parts)}; outlined by {by_whom}"


def _source_pixels(analysis: Analysis, source: str | Path | bytes | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Upright pixels of the photo, of which nothing was taken away."""
    photo = analysis.photo
    if isinstance(source, np.ndarray):
        data, digest = b"", hashlib.sha256(source.tobytes()).hexdigest()
    else:
        try:
            data = source if isinstance(source, bytes) else Path(source).read_bytes()
        except OSError as error:
            raise UnreadablePhoto(f"{photo.name} cannot be read ({error.strerror}); check the path.") from error
        digest = hashlib.sha256(data).hexdigest()
    if digest != photo.sha256:
        raise UnreadablePhoto(f"The figure of {photo.name} needs the photo that was analysed; give that very file.")
    return source if isinstance(source, np.ndarray) else decode(read_header(data, photo.name), 1.0).rgb


def _drawn(analysis: Analysis, rgb: NDArray[np.uint8], ending: str) -> bytes:
    """Content of the file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    file = BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the style of the user
        mpl.rcParams.update(SETTINGS)
        height, width = rgb.shape[:2]
        inches_per_px = LONG_SIDE_INCHES / max(height, width)
        figure = Figure()
        axes = _photo_above(figure, rgb, inches_per_px, caption_of(analysis))
        _draw_spots(axes, analysis)
        if isinstance(analysis.scale, Scale):
            _draw_bar(axes, analysis.scale)
        zoom = -(-PNG_MIN_LONG_SIDE_PX // max(height, width))
        figure.savefig(file, format=ending[1:], dpi=zoom / inches_per_px, metadata=METADATA[ending])
    return file.getvalue()


def _photo_above(figure: Figure, rgb: NDArray[np.uint8], inches_per_px: float, caption: str) -> Axes:
    """Axes in source px that hold the photo, in a figure with a caption below it."""
    from matplotlib.image import AxesImage

    height, width = rgb.shape[:2]
    figure_width = max(width * inches_per_px, MIN_WIDTH_INCHES)
    lines = textwrap.wrap(caption, int(figure_width * 72.0 / (CAPTION_PT * LETTER_WIDTH)))
    # Whole px of the photo, so that in a PNG each of its px is a square of px.
    band_px = np.ceil((len(lines) + 0.8) * LINE_HEIGHT_INCHES / inches_per_px)
    figure_width_px = np.ceil(figure_width / inches_per_px - 1e-6)
    figure_height_px = height + band_px
    figure.set_size_inches(figure_width_px * inches_per_px, figure_height_px * inches_per_px)
    share = (0.0, band_px / figure_height_px, width / figure_width_px, height / figure_height_px)
    axes = figure.add_axes(share)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.set_axis_off()
    image = AxesImage(axes, interpolation="none", extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    image.set_data(rgb)
    axes.add_image(image)
    top = band_px - 0.4 * LINE_HEIGHT_INCHES / inches_per_px
    figure.text(0.0, top / figure_height_px, "\n".join(lines), fontsize=CAPTION_PT, va="top", linespacing=1.2)
    return axes


def _draw_spots(axes: Axes, analysis: Analysis) -> None:
    """Outlines with their numbers, those of the largest spots below."""
    from matplotlib.patches import Polygon
    from matplotlib.patheffects import withStroke

    for number, outline in enumerate(analysis.spots.outlines_px, start=1):
        color = _shares(LESION_COLOR if number == analysis.spots.lesion else SPOT_COLOR)
        shadow = [withStroke(linewidth=SHADOW_PT, foreground="black")]
        line = Polygon(outline, closed=True, fill=False, edgecolor=color, linewidth=LINE_PT, path_effects=shadow)
        line.set_gid(f"spot-{number}")
        axes.add_patch(line)
        right, bottom = axes.get_xlim()[1], axes.get_ylim()[0]
        (_, y_min), (x_max, _) = outline.min(axis=0), outline.max(axis=0)
        is_right, is_top = x_max > (1.0 - EDGE_SHARE) * right, y_min < EDGE_SHARE * bottom
        # At the corner that reaches farthest towards where the number stands.
        beside = outline[np.argmax(outline @ (-1.0 if is_right else 1.0, 1.0 if is_top else -1.0))]
        axes.text(
            beside[0],
            beside[1],
            str(number),
            ha="right" if is_right else "left",
            va="top" if is_top else "bottom",
            fontsize=NUMBER_PT,
            color=color,
            path_effects=shadow,
            gid=f"number-{number}",
        )


def _draw_bar(axes: Axes, scale: Scale) -> None:
    """Bar of a round length in the lower right corner; none where even the shortest is too long."""
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    width, height = axes.get_xlim()[1] + 0.5, axes.get_ylim()[0] + 0.5
    length_mm = bar_length_mm(scale.px_per_mm, width)
    if length_mm is None:
        return
    margin, thickness = (share * max(width, height) for share in (BAR_MARGIN_SHARE, BAR_HEIGHT_SHARE))
    length_px = length_mm * scale.px_per_mm
    corner = (width - 0.5 - margin - length_px, height - 0.5 - margin - thickness)
    bar = Rectangle(corner, length_px, thickness, facecolor="white", edgecolor="black", linewidth=LINE_PT)
    bar.set_gid("scale-bar")
    axes.add_patch(bar)
    axes.text(
        corner[0] + length_px / 2.0,
        corner[1] - thickness,
        f"{length_mm:g} mm",
        ha="center",
        va="bottom",
        fontsize=BAR_TEXT_PT,
        color="white",
        path_effects=[withStroke(linewidth=SHADOW_PT, foreground="black")],
        gid="scale-bar-text",
    )


def _shares(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """Colour as matplotlib takes it."""
    red, green, blue = (part / 255.0 for part in rgb)
    return red, green, blue
