"""Every exception that the package raises on purpose.

Each message is one sentence that names the thing, the reason and the remedy, so that a command line or a batch row
can show it as it is.
"""


class LesionvisError(Exception):
    """Base of all errors that lesionvis raises on purpose."""


class UnreadablePhoto(LesionvisError):
    """Photo that cannot be read; the message names the photo, the reason and the remedy."""


class NoScaleError(LesionvisError):
    """Millimetres were asked of a photo without a scale."""


class ModelError(LesionvisError):
    """A model folder is missing, damaged, or made for other features or versions."""


class AnswerError(LesionvisError):
    """An answer's name or value is not one of the known ones, or contradicts what else was told."""


class SettingsError(LesionvisError):
    """A setting is unknown or outside its bounds; the message names key, bounds and value."""


class RunFolderError(LesionvisError):
    """A run folder cannot be used for this run."""
