"""Reasons to distrust a photo or a measurement, by name and sentence: one registry gives the column and the docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to distrust.

    Attributes
    ----------
    name : str
        What stands in the `flags` column.
    about : {"photo", "spot"}
    meaning : str
        One sentence for a person.
    """

    name: str
    about: str
    meaning: str


_ALL = (
    Flag("no_skin", "photo", "Hardly any skin was found, so nothing can be said about spots."),
    Flag("dark_skin", "photo", "The skin is darker than the tones that this version was tested on."),
    Flag("too_dark", "photo", "The photo is so dark that colours cannot be trusted."),
    Flag("overexposed", "photo", "Much of the photo is white, so that colours are lost."),
    Flag("blurred", "photo", "The photo is blurred; small spots may be missed and sizes are rough."),
    Flag(
        "flat_colours",
        "photo",
        "Much of the picture has exactly one colour, as drawings and charts do and photos do not.",
    ),
    Flag(
        "unlike_skin",
        "photo",
        "What has the colour of skin in the picture does not have its texture, or not its mix of colours: it may be "
        "something else.",
    ),
    Flag(
        "dermatoscope_view",
        "photo",
        "The picture is a round field on black, as a dermatoscope gives; it is no plain photo.",
    ),
    Flag(
        "too_far", "photo", "A spot of 1 mm is under 3 px wide in this photo, so small spots cannot be seen; go nearer."
    ),
    Flag("too_small", "photo", "The photo is so small that small spots cannot be seen; send it in its full size."),
    Flag("compressed", "photo", "The photo is so strongly compressed that faint and small spots may be lost in it."),
    Flag("no_scale", "photo", "No ruler or other reference was found, so there are no millimetres."),
    Flag(
        "places_left_out",
        "photo",
        "Parts of the photo were left out by the mask that was given; nothing was looked for there.",
    ),
    Flag(
        "size_limits_not_applied",
        "photo",
        "The photo has no scale, so that the limits in mm that were set for the size of spots did not apply.",
    ),
    Flag("cut_by_frame", "spot", "The spot reaches the edge of the photo; its size is a lower bound."),
    Flag("touches_non_skin", "spot", "The spot touches what is not skin; it may be a shadow or a fold."),
    Flag("few_pixels", "spot", "The spot is under 5 working pixels wide; its size and shape are rough."),
    Flag("confluent", "spot", "The spot touches others; its border was cut between them or they count as one."),
)
FLAGS = {flag.name: flag for flag in _ALL}
