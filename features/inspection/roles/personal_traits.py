"""Whether a column tells a trait of a person, such as age or home: by the words of its name and by its values.

A word of the name is the trait, such as "age". Things have ages too, so no other word may name a thing, as in "account
age", unless a further one says whose: "age of car owner".
The values must be possible for a person: an "age" of 900 is that of something else. A word that means another thing in
another language, such as the French "genre", counts only where it stands alone and the values show the trait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.inspection.names.name_words import words_of
from features.inspection.names.vocabulary import CONCEPTS, TRAITS, Concept

MOST_CODES = 12  # different numbers that may stand for the levels of a category
LEAST_AGE, MOST_AGE = 10, 110  # years, of a customer
LEAST_YEAR, MOST_YEAR = 1900, 2100  # of birth
DAYS_A_YEAR = 365.25
LEAST_POSTCODE = 500  # among those that are written as numbers
MOST_SCALED = 10.0  # spreads from the mean
NEARLY_ALL = 0.95  # of the different values
FEWEST_AGES = 10  # different numbers that show ages
SHORTER_THAN_YEARS = frozenset(
    [
        *("day", "days", "week", "weeks", "month", "months", "hour", "hours", "minute", "minutes", "min", "mins"),
        *("second", "seconds", "sec", "tag", "tage", "woche", "wochen", "monat", "monate", "stunden", "minuten"),
        *("jours", "semaines", "mois", "heures", "dias", "semanas", "meses", "horas", "giorni", "mesi", "ore", "dagen"),
    ]
)
GENDERS = tuple(
    frozenset(pair.split())
    for pair in (
        *("m f", "m w", "male female", "man woman", "men women", "mr mrs", "mr ms", "mann frau", "herr frau"),
        *("männlich weiblich", "maennlich weiblich", "mannlich weiblich", "h f", "homme femme", "m. mme"),
        *("masculin féminin", "masculin feminin", "hombre mujer", "masculino femenino", "uomo donna"),
        *("maschio femmina", "man vrouw", "homem mulher"),
    )
)
NEITHER = frozenset(
    ["other", "unknown", "d", "x", "u", "divers", "diverse", "non-binary", "nonbinary", "autre", "otro", "altro"]
)
THINGS = frozenset(
    [
        *(Concept.ACCOUNT, Concept.DEVICE, Concept.PRODUCT, Concept.SUBSCRIPTION, Concept.PLAN, Concept.ORDER),
        *(Concept.LINE, Concept.EVENT, Concept.FEATURE, Concept.SEATS, Concept.QUOTA, Concept.ALLOWED, Concept.EMAIL),
        *(Concept.AMOUNT, Concept.PRICE, Concept.PART, Concept.QUANTITY, Concept.DISCOUNT, Concept.RATE),
        *(Concept.REFUND, Concept.FREE_TEXT, Concept.THING),
    ]
)
# whose thing another word of the name says: the trait is the person's
OF_THINGS = frozenset(
    [
        *("holder", "policyholder", "cardholder", "owner", "homeowner", "driver", "tenant", "inhaber", "halter"),
        *("fahrer", "eigentumer", "eigentuemer", "titulaire", "proprietaire", "conducteur", "titular", "propietario"),
        *("conductor", "titolare", "proprietario", "conducente", "eigenaar", "bestuurder"),
    ]
)
BESIDE_A_TRAIT = frozenset([Concept.SENSITIVE, Concept.TYPE, Concept.KEY, Concept.CODE, Concept.YEAR, Concept.STATUS])


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """The different values of a column: texts, or numbers in ascending order; none where they are not known."""

    levels: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()

    @property
    def are_codes(self) -> bool:
        """Whether they are few numbers, as of a category; two are a flag."""
        return 0 < len(self.numbers) <= MOST_CODES

    @property
    def may_be_scaled(self) -> bool:
        """Whether they are small fractions, as columns are that a program has standardised: their size says nothing."""
        numbers = self.numbers
        return all(abs(number) <= MOST_SCALED for number in numbers) and not all(map(float.is_integer, numbers))

    def lie_in(self, least: float, most: float) -> bool:
        """Whether nearly all numbers lie between two."""
        numbers = np.array(self.numbers)
        return bool(np.mean((numbers >= least) & (numbers <= most)) >= NEARLY_ALL)


@dataclass(frozen=True, slots=True)
class Trait:
    """What is asked of a column that names a trait.

    others, of_words : what other words of the name are about, or are, where the trait is no person's. can_be : whether
    a person's trait can have these values. is_shown : whether hardly anything else has them.
    """

    others: frozenset[Concept]
    can_be: Callable[[ColumnValues], bool]
    is_shown: Callable[[ColumnValues], bool]
    of_words: frozenset[str] = frozenset()


def tells_of_a_person(name: str, values: ColumnValues) -> bool:
    """Whether a column tells a trait of a person, by its name and values, or by the words for genders alone."""
    if _are_genders(values):
        return True
    words = words_of(name)
    return any(_tells(word, [*words[:place], *words[place + 1 :]], values) for place, word in enumerate(words))


def _tells(word: str, others: Sequence[str], values: ColumnValues) -> bool:
    concepts = CONCEPTS.get(word, frozenset())
    trait = next((_TRAITS[concept] for concept in concepts & TRAITS), None)
    if trait is None:
        return False
    if Concept.HOMOGRAPH in concepts:
        return all(map(_is_beside_a_trait, others)) and trait.is_shown(values)
    of_a_thing = OF_THINGS.isdisjoint(others) and any(
        other in trait.of_words or _names(other, trait.others) for other in others
    )
    # few numbers may stand for levels, unless a further word says what they count
    are_levels = values.are_codes and all(map(_is_beside_a_trait, others))
    return not of_a_thing and (trait.can_be(values) or are_levels)


def _names(word: str, concepts: frozenset[Concept]) -> bool:
    """Whether a word names one of these; not where it may be a person, such as "users", or no meaning at all."""
    own = CONCEPTS.get(word, frozenset())
    is_person = Concept.CUSTOMER in own and Concept.ACCOUNT not in own
    return bool(own & concepts) and not is_person and Concept.JOINT not in own


def _is_beside_a_trait(word: str) -> bool:
    """Whether a word leaves the trait a person's: one for a person, a year, a group or a state, or without meaning."""
    own = CONCEPTS.get(word, frozenset())
    is_person = Concept.CUSTOMER in own and Concept.ACCOUNT not in own
    return is_person or Concept.JOINT in own or bool(own & BESIDE_A_TRAIT)


def _are_genders(values: ColumnValues) -> bool:
    lower = frozenset(level.strip().lower() for level in values.levels)
    return any(pair <= lower and lower - pair <= NEITHER for pair in GENDERS)


def _are_ages(values: ColumnValues) -> bool:
    return not values.numbers or values.may_be_scaled or values.lie_in(LEAST_AGE, MOST_AGE)


def _are_clearly_ages(values: ColumnValues) -> bool:
    numbers = values.numbers
    return len(numbers) >= FEWEST_AGES and values.lie_in(LEAST_AGE, MOST_AGE) and all(map(float.is_integer, numbers))


def _are_years(values: ColumnValues) -> bool:
    return not values.numbers or values.may_be_scaled or values.lie_in(LEAST_YEAR, MOST_YEAR)


def _are_births(values: ColumnValues) -> bool:
    """Years, or days since a birth, which some count backwards."""
    days = ColumnValues(numbers=tuple(abs(number) for number in values.numbers))
    return _are_years(values) or days.lie_in(LEAST_AGE * DAYS_A_YEAR, MOST_AGE * DAYS_A_YEAR)


def _are_levels(values: ColumnValues) -> bool:
    return len(values.numbers) <= 2  # text, or a flag such as one level of several


def _are_known_levels(values: ColumnValues) -> bool:
    return bool(values.levels) or values.are_codes


def _are_coded_genders(values: ColumnValues) -> bool:
    return 2 <= len(values.numbers) <= 3


def _are_postcodes(values: ColumnValues) -> bool:
    if values.numbers and not values.may_be_scaled:
        return float(np.median(values.numbers)) >= LEAST_POSTCODE
    return not values.levels or any(map(_has_digit, values.levels))


def _are_clearly_postcodes(values: ColumnValues) -> bool:
    if values.numbers:
        return not values.may_be_scaled and _are_postcodes(values)
    return bool(values.levels) and all(map(_has_digit, values.levels))


def _has_digit(level: str) -> bool:
    return any(map(str.isdigit, level))


_TRAITS: Mapping[Concept, Trait] = {
    Concept.AGE: Trait(
        THINGS | {Concept.PERSONAL, Concept.PLACE, Concept.STATUS}, _are_ages, _are_clearly_ages, SHORTER_THAN_YEARS
    ),
    Concept.BIRTH: Trait(THINGS, _are_births, _are_births),
    Concept.GENDER: Trait(THINGS - {Concept.ACCOUNT}, _are_levels, _are_coded_genders),
    Concept.HEALTH: Trait(frozenset(), lambda _: True, _are_known_levels),
    Concept.HOME: Trait(frozenset({Concept.PLACE}), _are_postcodes, _are_clearly_postcodes),
    Concept.STANDING: Trait(THINGS, _are_levels, _are_known_levels),
}
