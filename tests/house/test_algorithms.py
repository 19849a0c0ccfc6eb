"""Only assigners and candidates know which algorithm they are: everything else asks them."""

from __future__ import annotations

HOMES = ("segment_model/assigners/", "training/candidates/")
