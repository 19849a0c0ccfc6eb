"""Segment models and their story in MLflow: the only room that imports MLflow, and only once a function needs it."""

from __future__ import annotations
