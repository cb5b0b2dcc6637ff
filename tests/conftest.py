"""Hypothesis without a deadline: a slow machine is no wrong derivative."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
