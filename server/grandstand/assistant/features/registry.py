"""Every feature that people ask for, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from grandstand.assistant.features.appeal import Appeal
from grandstand.assistant.features.feature import Feature
from grandstand.assistant.features.peak import Peak
from grandstand.assistant.features.poll_questions import PollQuestions
from grandstand.assistant.features.summary import Summary

FEATURES: Mapping[str, Feature] = {
    each.name: each for each in (PollQuestions(), Summary(), Peak(), Appeal())
}
