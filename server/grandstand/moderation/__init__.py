"""What may be said: cleaning, rules, scorer and policy, from a text to show, hold or reject."""

from grandstand.moderation.findings import CATEGORIES, Finding
from grandstand.moderation.manifest import ModelError
from grandstand.moderation.moderator import Judgement, Moderator
from grandstand.moderation.names import Names
from grandstand.moderation.policy import Policy, Verdict, decide
from grandstand.moderation.scorer import OnnxScorer, Scorer, Scores
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import clean, dedupe_key, skeleton

__all__ = [
    "CATEGORIES",
    "Finding",
    "Judgement",
    "ModelError",
    "Moderator",
    "Names",
    "OnnxScorer",
    "Policy",
    "Rules",
    "Scorer",
    "Scores",
    "Verdict",
    "clean",
    "decide",
    "dedupe_key",
    "skeleton",
]
