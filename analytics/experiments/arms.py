"""Draws the arms of an experiment, each customer's by a hash, so that a drawing can be repeated and extended.

A customer's number in [0, 1) is made of the first 53 bits of BLAKE2b over the experiment's name, a unit separator and
the customer's id, in UTF-8. The arms lie one after another on [0, 1), by name, each as long as its share. So a
customer's arm depends on nothing but the experiment, the id and the shares: new customers move nobody, and the arms of
two experiments are independent (Kohavi, Tang and Xu, Trustworthy Online Controlled Experiments, 2020, chapter 4).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from itertools import accumulate

from segment_model.errors import SettingsError, counted

BETWEEN = "\x1f"  # so that the experiment "a" and the customer "bc" are not "ab" and "c"
BITS = 53  # of a double's precision, so that no number is rounded up to 1
DIGEST_BYTES = 8
TOLERANCE = 1e-6  # of a sum of shares written as decimals
FEWEST = 2


class ArmDraw:
    """The arms of one experiment with their shares.

    Raises
    ------
    SettingsError
        If there are fewer than two arms, a name is blank, or the shares are not positive or do not add up to 1.
    """

    def __init__(self, experiment: str, shares: Mapping[str, float]) -> None:
        self.experiment = experiment
        self.shares = dict(sorted(shares.items()))
        _check(experiment, self.shares)
        self._names = tuple(self.shares)
        self._ends = tuple(accumulate(self.shares.values()))[:-1]  # the last arm takes the rest

    def arm_of(self, customer: str) -> str:
        """The arm of a customer."""
        place = uniform(self.experiment, customer)
        return self._names[sum(place >= end for end in self._ends)]

    def arms_of(self, customers: Iterable[str]) -> list[str]:
        """The arm of each customer, in order."""
        return [self.arm_of(customer) for customer in customers]


def uniform(experiment: str, customer: str) -> float:
    """The number of a customer in an experiment, in [0, 1)."""
    digest = hashlib.blake2b(f"{experiment}{BETWEEN}{customer}".encode(), digest_size=DIGEST_BYTES).digest()
    whole = int.from_bytes(digest, "big") >> (8 * DIGEST_BYTES - BITS)
    return math.ldexp(whole, -BITS)


def parse_shares(text: str) -> dict[str, float]:
    """The shares that a person writes as "control=0.5,mail=0.5".

    Raises
    ------
    SettingsError
        If the text is not of that form, or an arm comes twice.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, equals, share = (piece.strip() for piece in part.partition("="))
        try:
            number = float(share)
        except ValueError:
            number = math.nan
        if not equals or math.isnan(number):
            raise SettingsError(f"arms are written as control=0.5,mail=0.5; {part.strip()!r} is no name=share")
        if name in shares:
            raise SettingsError(f"the arm {name!r} comes twice; write each arm once")
        shares[name] = number
    return shares


def _check(experiment: str, shares: Mapping[str, float]) -> None:
    if not experiment.strip():
        raise SettingsError("an experiment needs a name, such as may_mail: the draw depends on it")
    if len(shares) < FEWEST:
        raise SettingsError(f"an experiment has at least two arms, got {counted(len(shares), 'arm')}")
    if blank := [name for name in shares if not name.strip()]:
        raise SettingsError(f"an arm needs a name, got {blank[0]!r}")
    for name, share in shares.items():
        if not 0 < share < 1:
            raise SettingsError(f"the share of {name} lies between 0 and 1, got {share:g}")
    total = math.fsum(shares.values())
    if abs(total - 1) > TOLERANCE:
        raise SettingsError(f"the shares of the arms add up to {total:.6g}, not to 1; change one of them")
