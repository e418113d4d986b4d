"""What is asked and what is told: answers, rules and advice; no pixels."""

from lesionvis.triage.engine import advise, advise_further

__all__ = ["advise", "advise_further"]
