"""What the name of a column can mean, with a score from 0 to 1 for each of our columns."""

from __future__ import annotations

from dataclasses import dataclass

from features.inspection.names.name_words import words_of
from features.inspection.names.vocabulary import CONCEPTS, CURRENCIES, Concept

UNKNOWN_WORD, UNRELATED_WORD = 0.8, 0.6  # factors for each such word of a name

CUSTOMER, KEY, EMAIL, NAME, ORDER, LINE, PRODUCT = (
    *(Concept.CUSTOMER, Concept.KEY, Concept.EMAIL, Concept.NAME, Concept.ORDER, Concept.LINE, Concept.PRODUCT),
)
MOMENT, CREATED, CHANGED, SIGNED_UP, START, END = (
    *(Concept.MOMENT, Concept.CREATED, Concept.CHANGED, Concept.SIGNED_UP, Concept.START, Concept.END),
)
AMOUNT, GROSS, NET, PART, QUANTITY, UNIT, PRICE = (
    *(Concept.AMOUNT, Concept.GROSS, Concept.NET, Concept.PART, Concept.QUANTITY, Concept.UNIT, Concept.PRICE),
)
DISCOUNT, RATE, REFUND, CURRENCY, STATUS, EVENT, FEATURE, TYPE, DEVICE = (
    *(Concept.DISCOUNT, Concept.RATE, Concept.REFUND, Concept.CURRENCY, Concept.STATUS, Concept.EVENT),
    *(Concept.FEATURE, Concept.TYPE, Concept.DEVICE),
)
RECURRING, MONTH, YEAR, PLAN, SUBSCRIPTION, SEATS, USED, ALLOWED, QUOTA = (
    *(Concept.RECURRING, Concept.MONTH, Concept.YEAR, Concept.PLAN, Concept.SUBSCRIPTION, Concept.SEATS),
    *(Concept.USED, Concept.ALLOWED, Concept.QUOTA),
)
CODE, PERSONAL, SENSITIVE, PLACE, FREE_TEXT, BEARER = (
    *(Concept.CODE, Concept.PERSONAL, Concept.SENSITIVE, Concept.PLACE, Concept.FREE_TEXT, Concept.BEARER),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The concepts that the words of a name must cover, each alternative with its score; words that rule it out."""

    alternatives: tuple[tuple[frozenset[Concept], float], ...]
    never: frozenset[Concept] = frozenset()

    def score(self, name: str) -> float:
        """How well the name says this meaning; 0 where it does not."""
        words = words_of(name)
        return max((self._score(words, wanted, best) for wanted, best in self.alternatives), default=0.0)

    def _score(self, words: tuple[str, ...], wanted: frozenset[Concept], best: float) -> float:
        covered: set[Concept] = set()
        score = best
        for word in words:
            own = CONCEPTS.get(word, frozenset())
            if words == (word,) and word in CURRENCIES:  # a column that is only called "usd"
                own = frozenset({Concept.AMOUNT})
            if own & wanted:
                covered |= own & wanted
            elif own & self.never:
                return 0.0
            elif not (Concept.JOINT in own or word in CURRENCIES or word.isdigit()):
                score *= UNRELATED_WORD if own else UNKNOWN_WORD
        return score if covered == wanted else 0.0


def _meaning(*alternatives: tuple[float, tuple[Concept, ...]], never: tuple[Concept, ...] = ()) -> Meaning:
    return Meaning(tuple((frozenset(concepts), best) for best, concepts in alternatives), frozenset(never))


_NO_KEY = (
    STATUS,
    TYPE,
    PLACE,
    DEVICE,
    SENSITIVE,
    MOMENT,
    PLAN,
    FEATURE,
    QUANTITY,
    PERSONAL,
    AMOUNT,
    FREE_TEXT,
    CURRENCY,
)
CUSTOMER_KEY = _meaning(
    (1.0, (CUSTOMER, KEY)), (0.95, (CUSTOMER, CODE)), (0.9, (CUSTOMER,)), (0.8, (CUSTOMER, EMAIL)), (0.7, (EMAIL,)),
    (0.3, (CUSTOMER, NAME)), never=_NO_KEY,
)  # fmt: skip
ANY_KEY = _meaning((0.4, (KEY,)), never=(*_NO_KEY, ORDER, LINE, PRODUCT, SUBSCRIPTION, EVENT))
BEARER_KEY = _meaning((0.6, (BEARER, KEY)), (0.5, (BEARER,)), never=_NO_KEY)

_OTHER_MOMENTS = (CHANGED, SENSITIVE, END, SIGNED_UP, PERSONAL)
ORDERED_AT = _meaning(
    (1.0, (ORDER, MOMENT)), (0.95, (CREATED, MOMENT)), (0.9, (MOMENT,)), (0.85, (CREATED,)), (0.6, (START, MOMENT)),
    (0.5, (ORDER,)), never=_OTHER_MOMENTS,
)  # fmt: skip
ORDER_ID = _meaning(
    (1.0, (ORDER, KEY)), (0.95, (ORDER, CODE)), (0.85, (ORDER,)), (0.4, (KEY,)),
    never=(
        *(CUSTOMER, LINE, PRODUCT, STATUS, TYPE, MOMENT, EMAIL, NAME, PLACE, QUANTITY, SUBSCRIPTION),
        *(AMOUNT, PRICE, PART, DISCOUNT, CURRENCY, RATE),
    ),
)  # fmt: skip
_NO_MONEY = (PART, DISCOUNT, RATE, REFUND, KEY, STATUS, TYPE, TYPE, MOMENT, UNIT, SENSITIVE, CURRENCY)
AMOUNT_OF = _meaning(
    (1.0, (AMOUNT,)), (0.95, (AMOUNT, ORDER)), (0.95, (AMOUNT, LINE)), (0.9, (AMOUNT, PRICE)), (0.9, (AMOUNT, GROSS)),
    (0.85, (AMOUNT, NET)), (0.6, (GROSS,)), (0.55, (NET,)), (0.5, (PRICE,)),
    never=(*_NO_MONEY, QUANTITY),
)  # fmt: skip
QUANTITY_OF = _meaning(
    (1.0, (QUANTITY,)), (0.9, (QUANTITY, LINE)), (0.9, (QUANTITY, PRODUCT)),
    never=(AMOUNT, PRICE, KEY, MOMENT, DISCOUNT, RATE, CUSTOMER, REFUND, PART),
)  # fmt: skip
PRICE_OF = _meaning(
    (1.0, (PRICE, UNIT)), (0.95, (PRICE,)), (0.9, (PRICE, LINE)), (0.9, (PRICE, PRODUCT)), (0.7, (UNIT, AMOUNT)),
    (0.6, (AMOUNT, LINE)),
    never=(PART, DISCOUNT, RATE, REFUND, KEY, STATUS, MOMENT),
)  # fmt: skip
DISCOUNT_OF = _meaning(
    (1.0, (DISCOUNT, AMOUNT)), (0.9, (DISCOUNT,)), (0.6, (DISCOUNT, PRICE)),
    never=(RATE, CODE, TYPE, NAME, KEY, STATUS, MOMENT, QUANTITY),
)  # fmt: skip
REFUNDED_OF = _meaning(
    (1.0, (REFUND, AMOUNT)), (0.9, (REFUND,)),
    never=(RATE, KEY, STATUS, MOMENT, QUANTITY, FREE_TEXT, TYPE, CURRENCY, PART),
)  # fmt: skip
CURRENCY_OF = _meaning((1.0, (CURRENCY,)), (0.9, (CURRENCY, CODE)), never=(AMOUNT, RATE))
STATUS_OF = _meaning((1.0, (STATUS,)), (0.9, (STATUS, ORDER)), never=(MOMENT, AMOUNT, SENSITIVE, KEY, NAME))
KIND_OF = _meaning(
    (1.0, (TYPE,)), (0.95, (ORDER, TYPE)), (0.95, (LINE, TYPE)), (0.9, (AMOUNT, TYPE)), (0.9, (EVENT, TYPE)),
    never=(CUSTOMER, PRODUCT, KEY, MOMENT, PLACE, DEVICE, PLAN, SUBSCRIPTION, PERSONAL, SENSITIVE, DISCOUNT, CURRENCY),
)  # fmt: skip

OCCURRED_AT = _meaning(
    (1.0, (EVENT, MOMENT)), (0.95, (MOMENT,)), (0.9, (CREATED, MOMENT)), (0.85, (CREATED,)), (0.7, (START, MOMENT)),
    (0.6, (ORDER, MOMENT)), never=_OTHER_MOMENTS,
)  # fmt: skip
EVENT_NAME = _meaning(
    (1.0, (EVENT, NAME)), (0.95, (EVENT, TYPE)), (0.9, (EVENT,)), (0.8, (NAME,)), (0.5, (TYPE,)),
    never=(KEY, CUSTOMER, MOMENT, QUANTITY, DEVICE, PERSONAL, PLAN, PLACE, PRODUCT),
)  # fmt: skip
FEATURE_OF = _meaning(
    (1.0, (FEATURE,)), (0.95, (FEATURE, NAME)), (0.9, (FEATURE, TYPE)), (0.5, (TYPE,)), (0.45, (PRODUCT, TYPE)),
    never=(KEY, CUSTOMER, MOMENT, QUANTITY, DEVICE, EVENT, PERSONAL, PLACE, SENSITIVE),
)  # fmt: skip
DEVICE_OF = _meaning(
    (1.0, (DEVICE,)), (0.95, (DEVICE, TYPE)), (0.9, (DEVICE, NAME)), never=(KEY, MOMENT, CUSTOMER)
)  # fmt: skip
LIMIT_OF = _meaning(
    (1.0, (ALLOWED,)), (0.95, (ALLOWED, MONTH)), (0.9, (QUOTA,)), (0.9, (QUOTA, MONTH)), (0.9, (ALLOWED, QUANTITY)),
    never=(KEY, MOMENT, SEATS, AMOUNT),
)  # fmt: skip

STARTED_AT = _meaning(
    (1.0, (START, MOMENT)), (1.0, (START,)), (0.95, (START, SUBSCRIPTION)), (0.95, (START, SUBSCRIPTION, MOMENT)),
    (0.7, (SIGNED_UP, MOMENT)), (0.7, (SIGNED_UP,)), (0.6, (CREATED, MOMENT)), (0.55, (CREATED,)),
    never=(END, CHANGED, SENSITIVE),
)  # fmt: skip
ENDED_AT = _meaning(
    (1.0, (END, MOMENT)), (1.0, (END,)), (0.95, (END, SUBSCRIPTION)), (0.95, (END, SUBSCRIPTION, MOMENT)),
    never=(START, SENSITIVE, TYPE, FREE_TEXT),
)  # fmt: skip
MRR_OF = _meaning(
    (1.0, (RECURRING,)), (1.0, (RECURRING, AMOUNT)), (1.0, (RECURRING, MONTH)), (0.95, (RECURRING, MONTH, AMOUNT)),
    (0.9, (MONTH, AMOUNT)), (0.9, (MONTH, PRICE)), (0.85, (MONTH, ORDER)), (0.5, (AMOUNT,)), (0.5, (PRICE,)),
    (0.5, (PLAN, PRICE)), (0.5, (PLAN, AMOUNT)), (0.5, (UNIT, AMOUNT)), (0.5, (UNIT, PRICE)),
    never=(YEAR, DISCOUNT, RATE, KEY, MOMENT, QUANTITY),
)  # fmt: skip
PLAN_OF = _meaning(
    (1.0, (PLAN,)), (1.0, (PLAN, NAME)), (0.95, (PLAN, TYPE)), (0.9, (SUBSCRIPTION, PLAN)), (0.8, (SUBSCRIPTION, TYPE)),
    (0.7, (SUBSCRIPTION, NAME)), (0.6, (PRODUCT, NAME)), (0.6, (PRODUCT,)), (0.5, (SUBSCRIPTION,)),
    never=(KEY, MOMENT, AMOUNT, PRICE, STATUS, QUANTITY),
)  # fmt: skip
SEATS_OF = _meaning(
    (1.0, (SEATS,)), (1.0, (SEATS, ALLOWED)), (0.9, (SEATS, QUANTITY)), (0.6, (QUANTITY,)),
    never=(USED, KEY, MOMENT, PRICE),
)  # fmt: skip
SEATS_USED = _meaning((1.0, (SEATS, USED)), never=(KEY, MOMENT))
QUOTA_OF = _meaning((1.0, (QUOTA,)), (0.9, (QUOTA, ALLOWED)), never=(USED, KEY))
QUOTA_USED = _meaning((1.0, (QUOTA, USED)), (0.7, (USED, QUANTITY)), never=(KEY, SEATS, MOMENT))
SUBSCRIPTION_ID = _meaning(
    (1.0, (SUBSCRIPTION, KEY)), (0.5, (KEY,)), never=(CUSTOMER, MOMENT, PLAN, PRODUCT, ORDER, STATUS)
)
KNOWN_AT = _meaning(
    (1.0, (SIGNED_UP, MOMENT)), (0.95, (SIGNED_UP,)), (0.95, (CUSTOMER, SIGNED_UP)), (0.9, (CREATED, MOMENT)),
    (0.95, (CUSTOMER, SIGNED_UP, MOMENT)), (0.9, (CUSTOMER, START)),
    (0.85, (CUSTOMER, START, MOMENT)), (0.8, (CREATED,)), (0.8, (CREATED, CUSTOMER, MOMENT)),
    never=(CHANGED, SENSITIVE, END, ORDER, LINE),
)  # fmt: skip
