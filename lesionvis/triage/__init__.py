"""Questions and advice: answers, rules and levels; no pixels."""

from lesionvis.triage.engine import advise, advise_further

__all__ = ["advise", "advise_further"]
