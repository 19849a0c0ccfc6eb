"""The `sources` block of the YAML file: where the raw tables are, and how they are written there."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from features.conditions.checked_text import ConditionText
from features.grammar.date_formats import date_format as check_date_format
from features.grammar.plain_names import PLAIN_NAME_PATTERN
from features.grammar.yaml_words import yaml_words
from features.settings_block import Settings
from features.settings_words import Expected
from segment_model.contract import Kind, Role
from segment_model.errors import SettingsError

NAME_WORDS = Expected("letters of a to z, digits and _, without a digit in front, such as company_size")
Name = Annotated[str, Field(pattern=f"^{PLAIN_NAME_PATTERN}$"), NAME_WORDS]
DELIMITER_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|"}
PresetName = Literal["shopify", "woocommerce", "stripe_charges", "stripe_invoices", "chargebee"]
PLACES = ("file", "duckdb", "postgres", "spark_table")
SHARES_TOLERANCE = 1e-6  # of a sum of shares written as decimals, such as three times 0.333333
MOST_RATE = 1e6  # so that a converted amount stays a number that can be summed


class TableSource(Settings):
    """Where one raw table is, and how its columns are called there."""

    file: str | None = Field(
        None,
        description="a .csv, .tsv, .csv.gz, .parquet, .xlsx or .jsonl file, a folder of files of one kind, a pattern",
    )
    duckdb: str | None = Field(None, description="a DuckDB file; it is opened read-only")
    postgres: str | None = Field(
        None, description="the NAME of the environment variable that holds the PostgreSQL URL, never the URL itself"
    )
    table: str | None = Field(None, description="the table or schema.table in the database")
    spark_table: str | None = Field(
        None, description="a table of the catalogue of `engine: spark`, such as `shop.orders`"
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="our column name: the name in your table; `null`: not read, as in `not_read`"
    )
    not_read: list[str] = Field(
        default_factory=list,
        description="our names of columns that are not read, though your table or a preset has them",
    )
    encoding: str | None = Field(
        None,
        description="of a text file, such as `cp1252`, `latin-1`, `utf-16`; empty: detected, with a note unless UTF-8",
    )
    delimiter: str | None = Field(
        None, description="between the fields of a CSV file, such as `;` or `tab`; empty: settled from the first lines"
    )
    sheet: str | None = Field(None, description="of an Excel file; needed where it has several")
    header_line: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="the line of a CSV file, or the row of a sheet, that holds the names of the columns, counted from "
        "1, where a title stands above; by default the first that is not blank",
    )
    date_format: str | dict[str, str] | None = Field(
        None,
        description="how moments are written where not as 2026-06-29 14:05:00: strptime's directives such as "
        "%d/%m/%Y %H:%M, or unix, unix_ms, unix_us, unix_ns; for all columns, or by the name in your table",
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="the decimal mark of numbers written as text; by default what the first rows show"
    )
    null_values: list[str] | dict[str, list[str]] = Field(
        default_factory=list,
        description="more words that mean missing; or, by the name of a column in your table, all that do there",
    )
    true_values: list[str] = Field(default_factory=list, description="more words for yes, such as ja")
    false_values: list[str] = Field(default_factory=list, description="more words for no, such as nein")
    where: ConditionText | None = Field(
        None, description="a [condition](#conditions) as in SQL on the columns of your table; other rows are left out"
    )
    exchange_rates: dict[str, Annotated[float, Field(gt=0, le=MOST_RATE)]] = Field(
        default_factory=dict,
        description="by code in the column `currency`, the worth of a unit in `features.currency`, such as `EUR: 1.17`",
    )
    minor_units: bool | None = Field(
        None, description="money is in the smallest unit of its currency, such as cents, as in Stripe's API"
    )
    utc: bool | None = Field(
        None, description="moments without a time zone are in UTC, not on the clock of `features.time_zone`"
    )
    preset: PresetName | None = Field(
        None, description="whose export the table is: sets `columns`, `where` and how it is written, where you do not"
    )

    @model_validator(mode="before")
    @classmethod
    def _unmapped(cls, source: Any) -> Any:
        """Take `columns: {discount: null}` as `not_read: [discount]`."""
        columns = source.get("columns") if isinstance(source, dict) else None
        if not isinstance(columns, dict) or None not in columns.values():
            return source
        unmapped = [ours for ours, theirs in columns.items() if theirs is None]
        mapped = {ours: theirs for ours, theirs in columns.items() if theirs is not None}
        return {**source, "columns": mapped, "not_read": [*(source.get("not_read") or []), *unmapped]}

    @field_validator("date_format")
    @classmethod
    def _known_directives(cls, formats: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for text in [formats] if isinstance(formats, str) else (formats or {}).values():
            check_date_format(text)
        return formats

    @field_validator("null_values", mode="before")
    @classmethod
    def _words_of_missing(cls, words: object) -> object:
        if isinstance(words, dict):
            return {column: yaml_words(own) for column, own in words.items()}
        return yaml_words(words)

    @field_validator("true_values", "false_values", mode="before")
    @classmethod
    def _words_of_flags(cls, words: object) -> object:
        return yaml_words(words)

    @model_validator(mode="after")
    def _is_read_or_not(self) -> Self:
        if both := sorted(self.columns.keys() & {*self.not_read}):
            raise ValueError(f"{both[0]} stands in columns and in not_read; leave it out of one")
        return self

    @model_validator(mode="after")
    def _no_word_means_both(self) -> Self:
        lower = [{word.strip().lower() for word in words} for words in (self.true_values, self.false_values)]
        if both := sorted(lower[0] & lower[1]):
            raise ValueError(f"{both[0]!r} stands in true_values and in false_values; a word means one of them")
        return self

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, name: str | None) -> str | None:
        if name is not None:
            codec_of(name)
        return name

    @field_validator("delimiter")
    @classmethod
    def _is_delimiter(cls, text: str | None) -> str | None:
        if text is None:
            return None
        mark = DELIMITER_WORDS.get(text.strip().lower(), text)
        if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in '"\n\r\0':
            raise ValueError(
                f"a delimiter is one character, such as ';' or tab, and no letter, digit or quote; got {text!r}"
            )
        return mark

    @field_validator("exchange_rates")
    @classmethod
    def _codes(cls, rates: dict[str, float]) -> dict[str, float]:
        return {code.strip().upper(): rate for code, rate in rates.items()}

    @field_validator("postgres")
    @classmethod
    def _no_secret(cls, value: str | None) -> str | None:
        if value is not None and not value.isidentifier():
            # not a ValueError: pydantic would repeat the value, and with it the password
            raise SettingsError(
                "sources: `postgres` takes the NAME of an environment variable that holds the URL, such as "
                "SHOP_DATABASE_URL; a URL itself does not belong in a file"
            )
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [name for name in PLACES if getattr(self, name) is not None]
        if len(places) != 1:
            raise ValueError(
                f"a table comes from exactly one of {', '.join(PLACES[:-1])} or {PLACES[-1]}; found "
                f"{' and '.join(places) or 'none'}"
            )
        for setting in ("encoding", "delimiter", "sheet", "header_line"):
            if self.file is None and getattr(self, setting) is not None:
                raise ValueError(f"`{setting}` belongs to a file, not to a database")
        if (self.duckdb is None and self.postgres is None) != (self.table is None):
            raise ValueError("`table` names the table of a database: needed with duckdb and postgres, not with file")
        return self


class Attribute(Settings):
    """One attribute of a customer (firmographic, demographic, geographic, technographic, psychographic)."""

    kind: Kind = Field(description="`count`: not negative; `share`: 0 to 1; `flag`: yes or no; `category`: text")
    unit: str = Field("", description="unit shown after a value, such as `people`")
    column: str | None = Field(None, description="its name in your table, where it differs")
    role: Role = Field(Role.DESCRIPTOR, description="basis: shapes the segments; descriptor: only describes them")
    low: str = Field("", description="plain words for a low value, for the names of segments")
    high: str = Field("", description="plain words for a high value")
    description: str = Field("", description="a sentence for the documentation of the model")
    sensitive: bool = Field(
        False,
        description="may not shape segments nor appear in names and cards, unless `discovery.allow_sensitive`",
    )
    group: str = Field(
        "attributes",
        description="its feature group: behavioural, firmographic, geographic, demographic, technographic, "
        "psychographic, value or needs, or a name of your own; for `group_weights`, `hold_out_groups` and "
        "`segments ablate`",
    )


class CustomersSource(TableSource):
    """The table of customers and the attributes to take from it."""

    attributes: dict[Name, Attribute] = Field(
        min_length=1, description="the columns to take, by the name to give them; at least one"
    )
    without_rows: Literal["automatic", "keep", "leave_out"] = Field(
        "automatic",
        description="customers without a row in another table before `as_of`; automatic: left out where `known_at` "
        "does not date them and `as_of` lies before the newest row",
    )

    @field_validator("attributes")
    @classmethod
    def _no_reserved_name(cls, value: dict[str, Attribute]) -> dict[str, Attribute]:
        if taken := sorted({"customer_id", "known_at"} & value.keys()):
            raise ValueError(f"no attribute can be called {' or '.join(taken)}; give it another name and `column:`")
        return value


class SubscriptionsSource(TableSource):
    """The table of subscriptions."""

    ends: Literal["exclusive", "inclusive"] = Field(
        "exclusive",
        description="whether terms run up to the moment `ended_at`, or to the end of that day, the last of use",
    )


class ExperimentsSource(TableSource):
    """The table of experiments: which customer was exposed to which arm, and when. It makes no features."""

    control: str = Field("control", min_length=1, description="the arm with which the others are compared")
    shares: dict[str, dict[str, Annotated[float, Field(gt=0, lt=1)]]] = Field(
        default_factory=dict,
        description="the planned shares of the arms by experiment, such as `{may_mail: {control: 0.5, mail: 0.5}}`; "
        "by default all arms of an experiment are of one size",
    )

    @field_validator("shares")
    @classmethod
    def _whole(cls, shares: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for experiment, arms in shares.items():
            if abs(sum(arms.values()) - 1) > SHARES_TOLERANCE:
                total = f"{sum(arms.values()):.6g}"
                raise ValueError(f"the shares of {experiment} add up to {total}; the arms of an experiment share 1")
        return shares


class VectorsSource(TableSource):
    """A table of one row a customer, with features of your own; `columns` maps `customer_id`, and renames others.

    All keys but `columns` name a column as your table does.
    """

    number_rows: bool = Field(
        False, description="a file without ids: its rows are the customers, by number, the first row is `1`"
    )
    include: list[str] | None = Field(None, description="the columns to take; all others are left out")
    exclude: list[str] = Field(default_factory=list, description="columns to leave out")
    kinds: dict[str, Kind] = Field(
        default_factory=dict, description="the kind of a column, instead of the one inferred from its values"
    )
    roles: dict[str, Role] = Field(
        default_factory=dict, description="the role of a column; basis by default, descriptor for a sensitive column"
    )
    units: dict[str, str] = Field(default_factory=dict, description="the unit shown after a value")
    groups: dict[str, str] = Field(
        default_factory=dict, description="the feature group of a column, as of an attribute; `vectors` by default"
    )
    sensitive: list[str] = Field(
        default_factory=list,
        description="columns that may not shape segments nor appear in names and cards, unless "
        "`discovery.allow_sensitive`",
    )

    @model_validator(mode="after")
    def _ids(self) -> Self:
        if self.number_rows and (self.file is None or "customer_id" in self.columns):
            raise ValueError("`number_rows` is for a file without ids: the rows of a database have no order")
        return self


class Sources(Settings):
    """The raw tables; at least one."""

    orders: TableSource | None = Field(
        None, description="purchases or invoices: gives recency, frequency, monetary value"
    )
    events: TableSource | None = Field(None, description="what customers do: gives usage")
    customers: CustomersSource | None = Field(None, description="what customers are: gives attributes")
    subscriptions: SubscriptionsSource | None = Field(
        None, description="what they subscribe to: gives MRR, plan, churn"
    )
    vectors: VectorsSource | None = Field(None, description="features of your own, one row a customer")
    experiments: ExperimentsSource | None = Field(
        None, description="who was exposed to which arm of an experiment: gives effects, and no features"
    )

    @property
    def may_have_dates(self) -> bool:
        """Whether an as-of moment can make a difference."""
        return any((self.orders, self.events, self.customers, self.subscriptions))

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not (self.may_have_dates or self.vectors):
            raise ValueError("at least one of orders, events, customers, subscriptions or vectors is needed")
        return self

    @model_validator(mode="after")
    def _money_where_money_is(self) -> Self:
        for name in ("events", "customers", "vectors", "experiments"):
            source: TableSource | None = getattr(self, name)
            if source is not None and (source.exchange_rates or source.minor_units):
                raise ValueError(
                    f"{name} has no money: `exchange_rates` and `minor_units` belong to orders, subscriptions"
                )
        return self


def codec_of(encoding: str) -> str:
    """The codec of an encoding's name.

    Raises
    ------
    ValueError
        If there is no encoding of text with that name.
    """
    try:
        codec = codecs.lookup(encoding)
        b"".decode(codec.name)  # refuses codecs that are no text, such as base64
    except LookupError as error:
        raise ValueError(
            f"there is no encoding {encoding!r}; usual ones are utf-8, utf-16, latin-1, cp1252, cp1251, gb18030"
        ) from error
    return codec.name
