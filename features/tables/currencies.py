"""Money of one table in one currency and in whole units; its column `currency` is consumed."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from features.conditions.written import written_name
from features.grammar.summed_numbers import LARGEST
from features.notices import Notice
from features.source_settings import TableSource
from features.tables.canonical import CanonicalTable, Tally
from features.tables.raw_tables import ORDERS, SUBSCRIPTIONS
from segment_model.errors import SourceError, counted
from segment_model.sql_text import quoted

MONEY = {ORDERS.name: ("amount", "price", "discount", "refunded_amount", "cost"), SUBSCRIPTIONS.name: ("mrr",)}
CURRENCY = "currency"
CODE = 3  # letters of a currency's code
MOST_CURRENCIES = 20  # that an error names
HUNDREDTHS, THOUSANDTHS = 100.0, 1000.0
# minor units as payment services write them: https://docs.stripe.com/currencies#minor-units
WITHOUT_MINOR_UNIT = (
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
)
IN_THOUSANDTHS = ("BHD", "JOD", "KWD", "OMR", "TND")


def in_one_currency(table: CanonicalTable, source: TableSource, own: str) -> CanonicalTable:
    """The table with its money in the currency `own`, as a column `currency`, `exchange_rates` and `minor_units` say.

    Raises
    ------
    SourceError
        If `exchange_rates` is set without a column `currency`, or gives a rate to the currency itself. The tallies
        raise it for several currencies without rates, and for a currency without a rate.
    """
    if CURRENCY in table.table.columns:
        has_money = set(MONEY[table.name]) & set(table.table.columns)
        return _with_currency(table, source, own) if has_money else replace(table, table=table.table.drop(CURRENCY))
    if source.exchange_rates:
        raise SourceError(
            f"{table.name}: `exchange_rates` needs the column of currencies; write columns: {{currency: your_name}}"
        )
    if source.minor_units:
        units = _minor_units(ibis.literal(own.strip().upper(), "string"))
        return _converted(table, lambda money: money / units)
    return table


@dataclass(frozen=True, slots=True)
class Currencies:
    """What the settings say of a table's currencies.

    rates : by code, into `own`; empty where none are set. where : the condition by which its rows are chosen.
    """

    table: str
    column: str
    own: str
    rates: Mapping[str, float]
    where: str | None = None

    @property
    def all_rates(self) -> dict[str, float]:
        return {self.own.strip().upper(): 1.0, **self.rates}

    def check(self, rows: Mapping[str, int], written: Mapping[str, str]) -> None:
        """Refuse several currencies without rates, and a currency without a rate. written : how the rows write each."""
        if not self.rates and len(rows) > 1:
            condition = f"{written_name(self.column)} = {quoted(written[next(iter(rows))])}"
            condition = f"({self.where}) and {condition}" if self.where else condition
            raise SourceError(
                f"{self.table}: money is in several currencies ({_listed(rows)}); choose one by where: {condition}, or "
                f"give `exchange_rates` to features.currency ({self.own})"
            )
        if unknown := {code: count for code, count in rows.items() if self.rates and code not in self.all_rates}:
            raise SourceError(
                f"{self.table}: `exchange_rates` has no rate to {self.own} for {_listed(unknown)}; add it, or leave "
                "these rows out by `where`"
            )

    def notices(self, rows: Mapping[str, int], blank: int, blank_is_missing: bool) -> tuple[Notice, ...]:
        """What was settled of the currencies."""
        notices = []
        if self.rates:
            rates = ", ".join(f"1 {code} = {self.all_rates[code]:g} {self.own}" for code in rows)
            notices.append(Notice(self.table, f"money is converted into {self.own} ({rates})"))
        elif rows:
            (code,) = rows
            differs = code != self.own.strip().upper() and len(self.own.strip()) == CODE
            hint = f", but features.currency is {self.own}: write `currency: {code}` there, or `exchange_rates`"
            notices.append(Notice(self.table, f"all money is in {code}{hint if differs else ''}", differs))
        if blank:
            taken = "treated as missing" if blank_is_missing else f"taken as {next(iter(rows), self.own)}"
            count = counted(blank, "row with money has", "rows with money have")
            notices.append(Notice(self.table, f"{count} no {self.column!r}: the money is {taken}", True))
        return tuple(notices)


def _with_currency(table: CanonicalTable, source: TableSource, own: str) -> CanonicalTable:
    """Money in one currency and in whole units; the column `currency` is gone."""
    currencies = Currencies(
        table.name, source.columns.get(CURRENCY, CURRENCY), own, source.exchange_rates, source.where
    )
    if currencies.rates.get(own.strip().upper(), 1.0) != 1.0:
        raise SourceError(
            f"{table.name}: `exchange_rates` are into features.currency, so the rate of {own} itself is 1"
        )
    code = table.table[CURRENCY].upper()
    rate, units = ibis.literal(1.0), ibis.literal(1.0)
    if source.exchange_rates:
        rate = ibis.cases(*((code == name, worth) for name, worth in currencies.all_rates.items()), else_=None)
    if source.minor_units:
        units = ibis.ifelse(code.notnull(), _minor_units(code), None)
    blank_is_missing = bool(source.exchange_rates or source.minor_units)

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        rows, written = _counted(totals["listing"])
        blank = rows.pop("", 0)
        currencies.check(rows, written)
        return {**counts, **({"without_currency": blank} if blank else {})}

    def notices(totals: Mapping[str, Any]) -> tuple[Notice, ...]:
        rows, _ = _counted(totals["listing"])
        return currencies.notices(rows, rows.pop("", 0), blank_is_missing)

    tally = Tally(_rows_by_text(table, currencies), count_rows, f"{table.name}: counting currencies", notices)
    is_plain = not source.exchange_rates and not source.minor_units
    converted = table if is_plain else _converted(table, lambda money: money / units * rate)
    return replace(converted, table=converted.table.drop(CURRENCY), tallies=(*table.tallies, tally))


def _rows_by_text(table: CanonicalTable, currencies: Currencies) -> ir.Table:
    """One row with one text: a line `eur:12` for each currency as it is written, of the rows with money.

    Of many currencies those without a rate come first, and then the most frequent: however rare, none without a rate
    may be overlooked.
    """
    rows = table.table
    money = [rows[name].fill_null(0.0) != 0 for name in MONEY[table.name] if name in rows.columns]
    with_money = rows.filter(functools.reduce(operator.or_, money))
    by_text = with_money.group_by(text=with_money[CURRENCY].fill_null("")).aggregate(rows=with_money.count())
    has_rate = by_text["text"].upper().isin(list(currencies.all_rates))
    order = (*((has_rate,) if currencies.rates else ()), by_text["rows"].desc(), by_text["text"])
    most = by_text.order_by(*order).limit(MOST_CURRENCIES)
    return most.aggregate(listing=(most["text"] + ":" + most["rows"].cast("string")).group_concat("\n"))


def _counted(listing: str | None) -> tuple[dict[str, int], dict[str, str]]:
    """The rows of each code, the most frequent first and those without a code as "", and how the rows write it."""
    pairs = [line.rpartition(":") for line in (listing or "").split("\n") if line]
    rows: dict[str, int] = {}
    written: dict[str, str] = {}
    for text, _, count in sorted(pairs, key=lambda pair: (-int(pair[2]), pair[0])):
        code = text.upper()
        rows[code] = rows.get(code, 0) + int(count)
        written.setdefault(code, text)
    return dict(sorted(rows.items(), key=lambda pair: (-pair[1], pair[0]))), written


def _listed(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{code} in {counted(count, 'row')}" for code, count in rows.items())


def _minor_units(code: ir.StringValue) -> ir.FloatingValue:
    """How many of its smallest units make one unit of a currency."""
    return ibis.cases((code.isin(WITHOUT_MINOR_UNIT), 1.0), (code.isin(IN_THOUSANDTHS), THOUSANDTHS), else_=HUNDREDTHS)


def _converted(table: CanonicalTable, convert: Callable[[ir.NumericValue], ir.NumericValue]) -> CanonicalTable:
    """Every column of money converted; missing where that is too large to be summed, and 0 is 0 in any currency."""

    def safely(money: ir.NumericValue) -> ir.NumericValue:
        converted = convert(money)
        return ibis.cases((money == 0, money), (converted.abs() <= LARGEST, converted), else_=None)

    names = [name for name in MONEY[table.name] if name in table.table.columns]
    return replace(table, table=table.table.mutate(**{name: safely(table.table[name]) for name in names}))
