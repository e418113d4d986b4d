"""Is the skin bare? That no spot was found does not say so: a question of its own, asked of all features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from lesionvis.errors import ModelError
from lesionvis.models import Model, Predictor, load_model, packaged_model_folder, predictor_for
from lesionvis.pattern.features import BARE_MODEL_FEATURES

BARE_MODEL_NAME = "bare-v1"
# Redness that anybody sees is not bare skin, whatever the model says: so large a share of the skin that is redder than
# the rest, or so red a core (log10) of the region that stands out most. Stricter limits (0.3, 0.08), with more left to
# the model: of sources left out, as many visible things called bare, and bare skin called so 0.52, not 0.53.
RED_SKIN_SHARE_MAX, LESION_CORE_ERYTHEMA_MAX = 0.45, 0.12


@dataclass(frozen=True, slots=True, eq=False)
class BareModel:
    """The predictor of bare skin and its threshold.

    Attributes
    ----------
    name : str
    predictor : Predictor
        Its last column is the probability of bare skin.
    bare_min : float
        Probability from which skin is bare, whether a few spots were found on it or not: finders err.
    """

    name: str
    predictor: Predictor
    bare_min: float

    def is_bare(self, features: Mapping[str, float]) -> bool:
        """Answer to the question whether a photo shows bare skin.

        Parameters
        ----------
        features : mapping of str to float
            Features by name.

        Returns
        -------
        bool
            True for bare skin.
        """
        row = np.asarray([[features[name] for name in BARE_MODEL_FEATURES]], np.float32)
        return float(self.predictor(row)[0, -1]) >= self.bare_min and not shows_redness(features)


def shows_redness(features: Mapping[str, float]) -> bool:
    """Whether so much of the skin or of what stands out most is red that it cannot be bare.

    Parameters
    ----------
    features : mapping of str to float
        Features by name; what was not measured (NaN) shows nothing.

    Returns
    -------
    bool

    Examples
    --------
    >>> shows_redness({"red_skin_share": 0.5, "lesion_core_erythema": 0.0})
    True
    """
    return (
        features["red_skin_share"] > RED_SKIN_SHARE_MAX or features["lesion_core_erythema"] > LESION_CORE_ERYTHEMA_MAX
    )


def _bare_model_of(model: Model) -> BareModel:
    """Model of bare skin from a loaded model folder, refused if it lacks a threshold or was made for other features."""
    predictor = predictor_for(model, "forest", BARE_MODEL_FEATURES)
    try:
        return BareModel(model.name, predictor, float(model.card["thresholds"]["bare_min"]))
    except KeyError as error:
        raise ModelError(f"The card of model {model.name} lacks {error}; train it again.") from error


@cache
def load_bare_model() -> BareModel:
    """Model of bare skin that comes with the package.

    Returns
    -------
    BareModel
        Loaded once per process.
    """
    return _bare_model_of(load_model(packaged_model_folder(BARE_MODEL_NAME)))
