"""What would change a customer's segment: the smallest change, in the user's units, confirmed by the model."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from itertools import islice, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from features.catalogue import every_column
from features.settings import FeatureSettings, RfmSettings
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.counterfactual import smallest_change
from segment_model.counterfactual.derived import Derived, Relation
from segment_model.counterfactual.free_categories import FreeCategory, cheapest_first, cost_of
from segment_model.counterfactual.free_numbers import FreeNumber
from segment_model.counterfactual.nearest_point import nearest_point
from segment_model.counterfactual.what_would_change import AT_ONCE, WhatWouldChange, what_would_change
from segment_model.encoding.encoder import CategoryEncoding, Encoder, Floats, NumberEncoding, Transform
from segment_model.encoding.novelty import NoveltyRule
from segment_model.errors import ContractError, InputError
from segment_model.explanation.centroid import CentroidExplainer
from segments import Column, Kind, Role, SegmentCard, SegmentModel, VectorContract

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NUMBERS = ("recency_days", "frequency", "monetary_value", "days_between_orders", "top_feature_share")


def records_of(frame: Any) -> list[dict[str, Any]]:
    return [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


@pytest.fixture(scope="module")
def customers(planted: Any) -> list[dict[str, Any]]:
    return records_of(planted.frame)


def small_model(
    columns: list[Column], transforms: list[Transform], centroids: Any, levels: tuple[str, ...] = ()
) -> SegmentModel:
    """A KMeans model with 0..30 as each number's range, and perhaps a category; centroids in the user's units."""
    count = len(columns)
    numbers = NumberEncoding(
        names=tuple(column.name for column in columns),
        fill=np.full(count, 10.0),
        lower=np.zeros(count),
        upper=np.array([1.0 if column.kind in (Kind.SHARE, Kind.FLAG) else 30.0 for column in columns]),
        transforms=tuple(transforms),
        power=np.array([0.4 if transform is Transform.YEO_JOHNSON else 1.0 for transform in transforms]),
        quantiles=np.array([[0, 0, 0, 1, 2, 4, 9, 9, 20, 30.0]] * transforms.count(Transform.QUANTILE)),
        center=np.full(count, 0.3),
        factor=np.linspace(0.5, 1.5, count),
    )
    categories = (CategoryEncoding("plan", levels, (), 0.8),) if levels else ()
    encoder = Encoder(numbers, categories)
    places = np.array([row[:count] for row in centroids], dtype=np.float64)
    points = numbers.encode(np.ascontiguousarray(places.T))
    blocks = [0.8 * np.eye(len(levels))[[row[count] for row in centroids]].T] if levels else []
    sites = np.ascontiguousarray(np.vstack([points, *blocks]).T)
    plan = [Column("plan", Kind.CATEGORY)] if levels else []
    cards = tuple(SegmentCard(f"s{i}", f"segment {i}", "", 10, 1 / len(sites), {}) for i in range(len(sites)))
    assigner = NearestCentroid(sites)
    return SegmentModel(
        VectorContract((*columns, *plan)),
        encoder,
        assigner,
        CentroidExplainer(encoder, sites, sites.mean(axis=0)),
        NoveltyRule.learn(places.T.copy()),
        cards,
    )


# -- the programme is solved ------------------------------------------------------------------------------------------


@quick
@given(seed=st.integers(0, 10**9), dimensions=st.integers(1, 6), rows=st.integers(1, 6))
def test_the_nearest_point_is_that_of_scipys_solvers(seed: int, dimensions: int, rows: int) -> None:
    """SLSQP finds no nearer point; where we say that there is none, linear programming agrees."""
    generator = np.random.default_rng(seed)
    point = generator.normal(size=dimensions)
    gains, needs = generator.normal(size=(rows, dimensions)), generator.normal(size=rows)
    lower, upper = point - generator.exponential(1, dimensions), point + generator.exponential(1, dimensions)
    nearest = nearest_point(point, gains, needs, lower, upper)
    feasible = linprog(np.zeros(dimensions), -gains, -needs, bounds=np.c_[lower, upper])
    if nearest is None:
        assert feasible.status == 2
        return
    assert feasible.status == 0
    assert np.all(gains @ nearest >= needs - 1e-9)
    assert np.all((nearest >= lower) & (nearest <= upper))
    reference = minimize(
        lambda x: np.sum((x - point) ** 2),
        feasible.x,
        jac=lambda x: 2 * (x - point),
        bounds=np.c_[lower, upper],
        constraints={"type": "ineq", "fun": lambda x: gains @ x - needs, "jac": lambda _: gains},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    ours, theirs = np.sum((nearest - point) ** 2), np.sum((reference.x - point) ** 2)
    assert ours <= theirs + 1e-7 * (1 + theirs)
    if reference.success:
        assert ours >= theirs - 1e-6 * (1 + theirs)


def test_a_fixed_coordinate_and_an_empty_box_are_seen() -> None:
    gains, needs = np.array([[1.0, 1.0]]), np.array([2.0])
    nearest = nearest_point(np.zeros(2), gains, needs, np.array([0.0, -5.0]), np.array([0.0, 5.0]))
    assert nearest is not None
    np.testing.assert_allclose(nearest, [0.0, 2.0], atol=1e-12)
    assert nearest_point(np.zeros(2), gains, needs, np.zeros(2), np.zeros(2)) is None
    assert nearest_point(np.zeros(0), np.zeros((1, 0)), np.array([1.0]), np.zeros(0), np.zeros(0)) is None


@pytest.mark.parametrize("changeable", [NUMBERS, NUMBERS[:2], NUMBERS[2:], NUMBERS[::2]])
def test_the_smallest_move_of_a_discovered_model(
    kmeans_model: SegmentModel, customers: list[dict[str, Any]], changeable: tuple[str, ...]
) -> None:
    """Before rounding: no shorter move is found by SLSQP in the encoded space, among those with fewer categories."""
    model, compared = kmeans_model, 0
    for customer in customers[:12]:
        for to in model.ids:
            answer = what_would_change(model, customer, to, changeable, relations=())
            if not answer.reachable or not answer.changes:
                continue
            assert answer.least_distance is not None
            assert answer.distance >= answer.least_distance - 1e-9
            assert answer.least_distance == pytest.approx(slsqp(model, customer, to, changeable), abs=2e-5)
            compared += 1
    assert compared >= 10


def slsqp(model: SegmentModel, customer: dict[str, Any], to: str, changeable: tuple[str, ...]) -> float:
    """The same programme, written again from the definition of the nearest centroid."""
    encoder, centroids = model.encoder, model.assigner.arrays()["centroids"]
    names = encoder.numbers.names
    low, high = (encoder.numbers.encode(ends[:, None])[:, 0] for ends in (encoder.numbers.lower, encoder.numbers.upper))
    start = encoder.encode(model.scorer.reader.records([customer]))[:, 0]
    rows = [names.index(name) for name in changeable]
    target = centroids[model.position(to)]

    def moved(x: Floats) -> Floats:
        point = start.copy()
        point[rows] = x
        return point

    def margins(x: Floats) -> Floats:
        distances: Floats = ((moved(x) - centroids) ** 2).sum(axis=1)
        others: Floats = np.delete(distances, model.position(to))
        return others - float(((moved(x) - target) ** 2).sum())

    best = math.inf
    for first in (start[rows], target[rows], (low[rows] + high[rows]) / 2):
        optimum = minimize(
            lambda x: np.sum((x - start[rows]) ** 2),
            np.clip(first, low[rows], high[rows]),
            bounds=np.c_[low[rows], high[rows]],
            constraints={"type": "ineq", "fun": margins},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        if np.all(margins(optimum.x) >= -1e-7):
            best = min(best, float(np.sqrt(optimum.fun)))
    return best


COUNTS = [Column("a", Kind.COUNT, unit="orders"), Column("b", Kind.COUNT, unit="logins"), Column("c", Kind.FLAG)]


@pytest.mark.parametrize("transform", [Transform.NONE, Transform.LOG1P, Transform.YEO_JOHNSON, Transform.QUANTILE])
def test_whole_numbers_and_levels_are_the_best_of_all(transform: Transform) -> None:
    """Against every one of the 31 x 31 x 2 x 3 customers that could be."""
    transforms = [transform, Transform.LOG1P, Transform.NONE]
    centroids = [(2, 3, 0, 0), (20, 5, 1, 1), (9, 28, 0, 2), (29, 29, 1, 0)]
    model = small_model(COUNTS, transforms, centroids, ("basic", "plus", "pro"))
    everyone = [
        {"a": a, "b": b, "c": c, "plan": plan}
        for a, b, c, plan in product(range(31), range(31), range(2), ("basic", "plus", "pro"))
    ]
    segments = model.assign_records(everyone).nearest
    points = model.encoder.encode(model.scorer.reader.records(everyone)).T
    generator = np.random.default_rng(3)
    for index in generator.integers(0, len(everyone), 15):
        for target in range(4):
            answer = what_would_change(model, everyone[index], model.ids[target], ("a", "b", "c", "plan"))
            distances = np.sqrt(((points - points[index]) ** 2).sum(axis=1))
            assert answer.reachable
            assert answer.exact
            assert answer.distance == pytest.approx(distances[segments == target].min(), abs=1e-7)
            assert answer.distance >= (answer.least_distance or 0.0) - 1e-9


@pytest.mark.parametrize("transform", [Transform.NONE, Transform.LOG1P, Transform.YEO_JOHNSON, Transform.QUANTILE])
def test_whole_numbers_stay_within_what_training_looked_at(transform: Transform) -> None:
    """Quantiles of whole numbers lie between them: of 1.4 to 10.6, 2 to 10 may be; the customer's own may be any."""
    centroids = [(1.2, 3.1, 0), (20, 5.3, 1), (9.4, 12, 0), (12, 12.7, 1)]
    wide = small_model(COUNTS, [transform, Transform.LOG1P, Transform.NONE], centroids)
    ends = np.array([1.4, 1.4, 0.0]), np.array([10.6, 10.6, 1.0])
    numbers = replace(wide.encoder.numbers, lower=ends[0], upper=ends[1])
    model = replace(wide, encoder=replace(wide.encoder, numbers=numbers))
    reached = 0
    for a, b, c in product((0, 2.5, 10, 25), (1, 6, 10.5), (0, 1)):
        customer = {"a": a, "b": b, "c": c}
        possible = [
            {"a": other, "b": more, "c": flag}
            for other, more, flag in product((a, *range(2, 11)), (b, *range(2, 11)), (0, 1))
        ]
        segments = model.assign_records(possible).nearest
        points = model.encoder.encode(model.scorer.reader.records([customer, *possible])).T
        distances = np.sqrt(((points[1:] - points[0]) ** 2).sum(axis=1))
        for target, to in enumerate(model.ids):
            answer = what_would_change(model, customer, to, ("a", "b", "c"))
            assert answer.reachable == (segments == target).any()
            if answer.reachable:
                assert {change.after for change in answer.changes} <= {0, 1, *range(2, 11)}
                assert answer.distance == pytest.approx(distances[segments == target].min(), abs=1e-7)
                reached += 1
    assert reached > 60


def test_shares_stay_within_what_training_looked_at() -> None:
    """The least step in percent lies beyond a narrow range, and is not proposed: a finer one is."""
    wide = small_model([Column("a", Kind.SHARE)], [Transform.NONE], [(0.0002,), (0.0007,)])
    numbers = replace(wide.encoder.numbers, lower=np.array([0.0001]), upper=np.array([0.00092]))
    model = replace(wide, encoder=replace(wide.encoder, numbers=numbers))
    answer = what_would_change(model, {"a": 0.0003}, "s1", ["a"])
    assert [change.after for change in answer.changes] == [0.0005]


def test_a_narrow_range_of_large_numbers_has_values_that_people_say() -> None:
    """Three digits of 1,000,000.5 are 1,000,000, which lies below the range."""
    wide = small_model([Column("a", Kind.NUMBER)], [Transform.NONE], [(1_000_000.2,), (1_000_000.71,)])
    numbers = replace(wide.encoder.numbers, lower=np.array([1_000_000.1]), upper=np.array([1_000_000.93]))
    model = replace(wide, encoder=replace(wide.encoder, numbers=numbers))
    sites = model.encoder.numbers.encode(np.array([[1_000_000.2, 1_000_000.71]])).T
    model = replace(model, assigner=NearestCentroid(sites), explainer=CentroidExplainer(model.encoder, sites, sites[0]))
    answer = what_would_change(model, {"a": 1_000_000.3}, "s1", ["a"])
    assert [change.after for change in answer.changes] == [1_000_000.5]
    assert [change.words for change in answer.changes] == ["a: 0.2 more (from 1,000,000.3 to 1,000,000.5)"]


@pytest.mark.parametrize(("unit", "after"), [("USD", 11.11), ("US$", 11.11), ("€ a month", 11.11), ("kg", 11.2)])
def test_money_changes_by_cents(unit: str, after: float) -> None:
    model = small_model([Column("a", Kind.NUMBER, unit=unit)], [Transform.NONE], [(2.2,), (20.0,)])
    answer = what_would_change(model, {"a": 5.0}, "s1", ["a"])
    assert [change.after for change in answer.changes] == [after]


def test_a_category_alone_is_tried_level_by_level() -> None:
    model = small_model(
        COUNTS, [Transform.LOG1P] * 3, [(10, 9, 0, 0), (11, 10, 0, 1), (9, 9, 0, 2), (10, 10, 0, 2)], ("a", "b", "c")
    )
    reachable = 0
    for a, b, plan in product((9, 10, 11), (9, 10), "abc"):
        customer = {"a": a, "b": b, "c": 0, "plan": plan}
        others = [customer | {"plan": level} for level in "abc"]
        segments = model.assign_records(others).nearest
        for target in range(4):
            answer = what_would_change(model, customer, model.ids[target], ["plan"])
            assert answer.reachable == (target in segments)
            if answer.changes:
                assert answer.customer == customer | {"plan": "abc"[list(segments).index(target)]}
                assert answer.changes[0].words == f"plan: {answer.customer['plan']} instead of {plan}"
                assert answer.distance == pytest.approx(0.8 * np.sqrt(2))
                reachable += 1
    assert reachable >= 20


@quick
@given(
    sizes=st.lists(st.tuples(st.integers(1, 5), st.floats(0.1, 3), st.booleans()), max_size=4), most=st.integers(1, 200)
)
def test_combinations_of_levels_come_as_if_all_had_been_sorted(sizes: list[tuple[int, float, bool]], most: int) -> None:
    """By what they cost, and those of one cost in the order of the product; the customer may have no level at all."""
    categories = []
    for size, factor, known in sizes:
        encoding = CategoryEncoding("plan", tuple("abcde"[:size]), (), factor)
        own = 0 if known else -1
        categories.append(FreeCategory(encoding, 0, own, tuple(code for code in range(size) if code != own)))
    every = product(*((category.code, *category.choices) for category in categories))
    expected = sorted(every, key=lambda codes: cost_of(categories, codes))[:most]
    assert list(islice(cheapest_first(categories), most)) == expected


def test_of_more_combinations_than_can_be_tried_the_cheapest_are() -> None:
    """Ten categories of forty levels: 10^16 customers. The one level that would do is the last of its category.

    Any other level of it is as far from either centroid: a tie, which the first segment wins.
    """
    columns, names = [Column("a", Kind.COUNT)], [f"k{number}" for number in range(10)]
    model = small_model(columns, [Transform.NONE], [(10,), (20,)])
    levels = tuple(f"l{number:02}" for number in range(40))
    encoder = Encoder(model.encoder.numbers, tuple(CategoryEncoding(name, levels, (), 0.8) for name in names))
    places = np.zeros((2, encoder.width))
    places[:, 0] = model.encoder.numbers.encode(np.array([[10.0]]))[0]
    places[0, 1::40] = 0.8
    places[1, 1::40] = 0.8
    places[1, 1], places[1, 40] = 0.0, 0.8
    assigner = NearestCentroid(places)
    model = SegmentModel(
        VectorContract((*columns, *(Column(name, Kind.CATEGORY) for name in names))),
        encoder,
        assigner,
        CentroidExplainer(encoder, places, places.mean(axis=0)),
        model.novelty,
        model.discovered_cards,
    )
    customer = {"a": 10, **dict.fromkeys(names, "l00")}
    answer = what_would_change(model, customer, "s1", names)
    assert [(change.column, change.after) for change in answer.changes] == [("k0", "l39")]
    assert not answer.exact, "not all were tried"


# -- the change is one that a customer can make -----------------------------------------------------------------------


def check(model: SegmentModel, customer: dict[str, Any], answer: WhatWouldChange, may_change: set[str]) -> None:
    """In the segment, within bounds, whole where it must be, and nothing else touched."""
    if not answer.reachable:
        assert answer.reason
        assert answer.changes == ()
        return
    assert answer.customer is not None
    again = model.assign([answer.customer])
    assert again["segment_id"].iloc[0] == answer.to
    assert {change.column for change in answer.changes} <= may_change
    expected = dict(customer)
    for change in answer.changes:
        column = model.contract[change.column]
        assert change.before == expected[change.column]
        assert change.after == answer.customer[change.column]
        assert change.words.startswith(f"{column.title}: ")
        expected[change.column] = change.after
        if not isinstance(change.after, float):
            continue
        if column.kind is Kind.COUNT:
            assert change.after >= 0
            assert change.after == round(change.after)
        if column.kind is Kind.SHARE:
            assert 0 <= change.after <= 1
        if column.unit == "USD" and not change.follows:
            assert change.after == round(change.after, 2)
        if not change.follows:
            low, high = (bounds[NUMBERS.index(column.name)] for bounds in ranges(model))
            assert low - 1e-9 <= change.after <= high + 1e-9, "within what training looked at"
    assert dict(answer.customer) == expected


def ranges(model: SegmentModel) -> tuple[Floats, Floats]:
    return model.encoder.numbers.lower, model.encoder.numbers.upper


FOLLOWERS = {"frequency": {"monetary_value", "days_between_orders"}, "recency_days": {"days_between_orders"}}


@quick
@given(data=st.data())
def test_kmeans_changes_are_confirmed_and_within_bounds(
    kmeans_model: SegmentModel, customers: list[dict[str, Any]], data: st.DataObject
) -> None:
    confirmed(kmeans_model, customers, data)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hdbscan_changes_are_confirmed_and_within_bounds(
    hdbscan_model: SegmentModel, customers: list[dict[str, Any]], data: st.DataObject
) -> None:
    confirmed(hdbscan_model, customers, data)


def confirmed(model: SegmentModel, customers: list[dict[str, Any]], data: st.DataObject) -> None:
    customer = data.draw(st.sampled_from(customers))
    to = data.draw(st.sampled_from(model.ids))
    changeable = data.draw(st.lists(st.sampled_from((*NUMBERS, "plan")), min_size=1, max_size=3, unique=True))
    answer = what_would_change(model, customer, to, changeable)
    check(model, customer, answer, set(changeable).union(*(FOLLOWERS.get(name, set()) for name in changeable)))
    again = what_would_change(model, customer, to, changeable[::-1][::-1])
    assert repr(again) == repr(answer), "the same question, the same answer"


def test_hdbscan_finds_a_way_between_its_segments(hdbscan_model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    """With everything changeable the heart of each segment can be reached, so something must be found."""
    for customer in customers[:2]:
        for to in hdbscan_model.ids[1:]:
            answer = what_would_change(hdbscan_model, customer, to, (*NUMBERS, "plan"), relations=())
            assert answer.reachable
            assert not answer.exact or not answer.changes


def test_the_search_comes_near_the_smallest_change(kmeans_model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    """An inert follower forces the search where the exact answer is known."""
    inert = Relation(
        (Derived("monetary_value", ("top_feature_share",), lambda now, _: np.array(now["monetary_value"])),)
    )
    changeable = ("recency_days", "top_feature_share", "days_between_orders")
    ratios = []
    for customer in customers[:15]:
        for to in kmeans_model.ids:
            exact = what_would_change(kmeans_model, customer, to, changeable, relations=())
            searched = what_would_change(kmeans_model, customer, to, changeable, relations=(inert,))
            assert searched.reachable == exact.reachable
            if exact.reachable and exact.changes:
                assert searched.least_distance is None
                ratios.append(searched.distance / exact.distance)
    assert len(ratios) >= 20
    assert np.mean(ratios) <= 1.005
    assert max(ratios) <= 1.03


@settings(max_examples=30, deadline=None, derandomize=True)  # ranks may leap over what one model would need
@given(seed=st.integers(0, 10**9))
def test_more_that_may_change_is_never_worse(seed: int) -> None:
    """Models of any columns: what was found stays found, the exact move grows no longer, and all is proven."""
    generator = np.random.default_rng(seed)
    kinds = [Kind(kind) for kind in generator.choice(["count", "number", "share", "flag"], generator.integers(1, 8))]
    columns = [Column(f"c{i}", kind, unit="USD" if i % 2 else "days") for i, kind in enumerate(kinds)]
    transforms = [
        list(Transform)[generator.integers(4)] if kind in (Kind.COUNT, Kind.NUMBER) else Transform.NONE
        for kind in kinds
    ]

    def someone() -> list[float]:
        highest = {Kind.FLAG: 1.0, Kind.SHARE: 1.0}
        values = [highest.get(kind, 30.0) * generator.random() for kind in kinds]
        whole = (Kind.COUNT, Kind.FLAG)
        return [float(round(v)) if kind in whole else v for v, kind in zip(values, kinds, strict=True)]

    centroids = [(*someone(), int(generator.integers(3))) for _ in range(generator.integers(2, 8))]
    model = small_model(columns, transforms, centroids, ("a", "b", "c"))
    customer: dict[str, Any] = dict(zip(model.encoder.numbers.names, someone(), strict=True)) | {"plan": "b"}
    names = generator.permutation(list(customer)).tolist()
    before: WhatWouldChange | None = None
    for count in range(1, len(names) + 1):
        answer = what_would_change(model, customer, model.ids[-1], names[:count])
        assert answer.exact or not answer.reachable
        assert not answer.reason.startswith("a search")
        if answer.customer is not None:
            assert model.assign([answer.customer])["segment_id"].iloc[0] == model.ids[-1]
        if before is not None and before.reachable:
            assert answer.reachable
            assert (answer.least_distance or 0.0) <= (before.least_distance or 0.0) + 1e-7
        before = answer


def test_the_first_of_two_segments_in_one_place_has_everybody() -> None:
    model = small_model(COUNTS, [Transform.LOG1P] * 3, [(2, 2, 0), (20, 20, 1), (20, 20, 1), (2, 2, 0)])
    customer = {"a": 3.0, "b": 3.0, "c": 0.0}
    assert what_would_change(model, customer, "s1", ("a", "b", "c")).reachable
    assert not what_would_change(model, customer, "s2", ("a", "b", "c")).reachable
    assert not what_would_change(model, customer, "s3", ("a", "b", "c")).reachable


class GaveUpError(Exception):
    """What a caller raises who no longer waits."""


def test_the_search_asks_often_and_ends_where_it_is_told_to(
    model: SegmentModel, customers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks lie one programme, or `AT_ONCE` customers to judge, and nothing follows the last look."""
    judged: list[int] = []
    solve, nearest = smallest_change.nearest_point, type(model.assigner).nearest
    monkeypatch.setattr(
        smallest_change, "nearest_point", lambda *arguments: (judged.append(AT_ONCE), solve(*arguments))[1]
    )
    monkeypatch.setattr(
        type(model.assigner), "nearest", lambda self, points: (judged.append(points.shape[1]), nearest(self, points))[1]
    )
    own = model.assign([customers[0]])["segment_id"].iloc[0]
    to = next(segment for segment in model.ids if segment != own)

    def looks(most: float) -> int:
        count = 0

        def check() -> None:
            nonlocal count
            count += 1
            assert sum(judged) <= AT_ONCE + 2, "the customer as they are is judged too"
            judged.clear()
            if count >= most:
                raise GaveUpError

        judged.clear()
        try:
            what_would_change(model, customers[0], to, (*NUMBERS, "plan"), relations=(), check=check)
        except GaveUpError:
            assert not judged
        return count

    needed = looks(math.inf)
    assert needed >= 10, "else there is little to end"
    for most in (1, needed // 2, needed):
        assert looks(most) == most


# -- columns that follow ----------------------------------------------------------------------------------------------


def test_money_moves_with_the_orders_at_the_same_average(
    kmeans_model: SegmentModel, customers: list[dict[str, Any]]
) -> None:
    changed_customers = 0
    for customer in customers[:40]:
        for to in kmeans_model.ids:
            answer = what_would_change(kmeans_model, customer, to, ["frequency"])
            if answer.reachable and answer.changes:
                assert answer.customer is not None
                before = customer["monetary_value"] / customer["frequency"]
                after = answer.customer["monetary_value"] / answer.customer["frequency"]  # type: ignore[operator]
                assert after == pytest.approx(before, rel=1e-12)
                assert [c.follows for c in answer.changes if c.column == "monetary_value"] == [True]
                changed_customers += 1
    assert changed_customers >= 10


def test_a_marked_column_does_not_follow(kmeans_model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    answer = what_would_change(kmeans_model, customers[0], kmeans_model.ids[0], NUMBERS)
    assert answer.reachable
    assert answer.exact
    assert not any(change.follows for change in answer.changes)


RFM = (
    Column("recency_days", Kind.COUNT, unit="days"),
    Column("frequency", Kind.COUNT, unit="orders"),
    Column("monetary_value", Kind.NUMBER, unit="USD"),
    Column("average_order_value", Kind.NUMBER, Role.DESCRIPTOR, unit="USD an order", nullable=True),
    Column("tenure_days", Kind.COUNT, Role.DESCRIPTOR, unit="days", nullable=True),
    Column("days_between_orders", Kind.NUMBER, Role.DESCRIPTOR, unit="days", nullable=True),
)
BUYER = {
    **{"recency_days": 10.0, "frequency": 3.0, "monetary_value": 6.0},
    **{"average_order_value": 2.0, "tenure_days": 20.0, "days_between_orders": 5.0},
}


def rfm_model(unit: str = "orders", description: str = "") -> SegmentModel:
    model = small_model(list(RFM[:3]), [Transform.LOG1P] * 3, [(5, 3, 6), (5, 20, 28), (25, 2, 25)])
    frequency = Column("frequency", Kind.COUNT, unit=unit, description=description)
    columns = [frequency if c.name == "frequency" else c for c in RFM]
    return SegmentModel(
        VectorContract(tuple(columns)), model.encoder, model.assigner, model.explainer, model.novelty, model.cards
    )


def changed(answer: WhatWouldChange) -> dict[str, Any]:
    return {change.column: change.after for change in answer.changes}


def test_descriptors_that_follow_are_told_too() -> None:
    more = what_would_change(rfm_model(), BUYER, "s1", ["frequency"])
    assert more.customer is not None
    orders = changed(more)["frequency"]
    assert changed(more) == {
        "frequency": orders,
        "monetary_value": pytest.approx(2.0 * orders),
        "days_between_orders": pytest.approx(10.0 / (orders - 1)),
    }
    spend = what_would_change(rfm_model(), BUYER, "s2", ["monetary_value", "recency_days"])
    assert spend.exact, "the average order follows, and it shapes no segment"
    assert changed(spend)["average_order_value"] == pytest.approx(changed(spend)["monetary_value"] / 3)
    assert "frequency" not in changed(spend)


def test_order_lines_are_not_orders() -> None:
    answer = what_would_change(rfm_model("order lines"), BUYER, "s1", ["frequency", "monetary_value"])
    alone = what_would_change(rfm_model("order lines"), BUYER, "s1", ["frequency"])
    assert set(changed(answer)) == {"frequency", "monetary_value"}
    assert "monetary_value" not in changed(alone)


def test_orders_by_another_name_are_orders() -> None:
    """The features room describes what is counted, whatever the business calls it."""
    trips = rfm_model("trips", next(c.description for c in every_column() if c.name == "frequency"))
    assert "monetary_value" in changed(what_would_change(trips, BUYER, "s1", ["frequency"]))
    lines = every_column(FeatureSettings(rfm=RfmSettings(frequency="lines")))
    described = rfm_model("orders", next(c.description for c in lines if c.name == "frequency"))
    assert "monetary_value" not in changed(what_would_change(described, BUYER, "s1", ["frequency"]))


def test_more_recent_than_the_first_order_is_impossible() -> None:
    """The customer has been there for 20 days: the last order cannot be older."""
    customer = BUYER | {"monetary_value": 12.0}
    free = what_would_change(rfm_model(), customer, "s2", ["recency_days"], relations=())
    assert changed(free)["recency_days"] > 12
    tenure = changed(free)["recency_days"] - 1
    assert not what_would_change(rfm_model(), customer | {"tenure_days": tenure}, "s2", ["recency_days"]).reachable
    assert what_would_change(rfm_model(), customer | {"tenure_days": tenure + 2}, "s2", ["recency_days"]).reachable


def test_a_single_order_is_the_first_and_the_last() -> None:
    """With one order the tenure is the recency, so fewer orders or a later one alone are no customer."""
    reached = 0
    for recency, frequency, tenure in ((24.0, 1.0, 24.0), (24.0, 2.0, 29.0), (5.0, 4.0, 20.0)):
        customer = BUYER | {"recency_days": recency, "frequency": frequency, "tenure_days": tenure}
        customer |= {"monetary_value": 8.0 * frequency, "average_order_value": 8.0}
        customer |= {"days_between_orders": (tenure - recency) / (frequency - 1) if frequency > 1 else None}
        for to, changeable in product(
            ("s0", "s1", "s2"), (["frequency"], ["recency_days"], ["recency_days", "frequency"])
        ):
            answer = what_would_change(rfm_model(), customer, to, changeable)
            if answer.reachable and answer.customer is not None:
                reached += 1
                first_is_last = answer.customer["recency_days"] == tenure
                assert answer.customer["frequency"] != 1 or first_is_last, (changeable, answer)
    assert reached > 10
    # of a business that counts the tenure from the sign-up, one order says nothing of it
    signed_up = BUYER | {"frequency": 1.0, "monetary_value": 2.0, "recency_days": 20.0, "tenure_days": 90.0}
    earlier = what_would_change(rfm_model(), signed_up | {"days_between_orders": None}, "s0", ["recency_days"])
    assert earlier.reachable


def test_what_cannot_be_told_is_not_made_up() -> None:
    """Without orders there is no average order: nobody knows what the first one will be worth."""
    nobody = {"recency_days": 10.0, "frequency": 0.0, "monetary_value": 0.0}
    assert not what_would_change(rfm_model(), nobody, "s1", ["frequency"]).reachable
    unsent = {name: BUYER[name] for name in ("recency_days", "frequency", "monetary_value")}
    answer = what_would_change(rfm_model(), unsent, "s1", ["frequency"])
    assert set(changed(answer)) == {"frequency", "monetary_value"}, "descriptors that were not sent are not told"


# -- words, refusals, edges -------------------------------------------------------------------------------------------


def test_words_say_the_change() -> None:
    model = small_model(
        [Column("orders", Kind.COUNT, unit="orders"), Column("spend", Kind.NUMBER, unit="USD")],
        [Transform.NONE, Transform.LOG1P],
        [(4, 2.0), (10, 2.0)],
    )
    answer = what_would_change(model, {"orders": 4, "spend": 2.0}, "s1", ["orders"])
    assert [change.words for change in answer.changes] == ["orders: 4 more orders (from 4 to 8)"]
    assert answer.segment_id == "s0"
    assert answer.customer == {"orders": 8.0, "spend": 2.0}


def test_the_customers_own_segment_needs_no_change(model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    own = model.assign([customers[0]])["segment_id"].iloc[0]
    answer = what_would_change(model, customers[0], own, ["frequency"])
    assert (answer.reachable, answer.changes, answer.distance, answer.segment_id) == (True, (), 0.0, own)


def test_nothing_will_do_says_what_was_tried(kmeans_model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    answers = [what_would_change(kmeans_model, customers[0], to, ["plan"]) for to in kmeans_model.ids]
    reasons = [answer.reason for answer in answers if not answer.reachable]
    assert reasons == ["no values of plan (3 other levels) would do; mark more columns as changeable"] * len(reasons)
    assert reasons


def test_mistakes_are_named(model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    customer, to = customers[0], model.ids[1]
    with pytest.raises(ContractError, match="no segment 'seg-nope'; the model has seg-"):
        what_would_change(model, customer, "seg-nope", ["frequency"])
    with pytest.raises(ContractError, match="Did you mean 'frequency'"):
        what_would_change(model, customer, to, ["frequncy"])
    with pytest.raises(ContractError, match="'employees' only describes customers"):
        what_would_change(model, customer, to, ["employees"])
    with pytest.raises(ContractError, match="no changeable column: name at least one of recency_days"):
        what_would_change(model, customer, to, [])
    with pytest.raises(InputError, match="frequency"):
        what_would_change(model, customer | {"frequency": -1}, to, ["recency_days"])
    for wrong in ("many", True, [3]):
        with pytest.raises(InputError, match=r"employees: got .* expected a finite number of at least 0"):
            what_would_change(model, customer | {"employees": wrong}, to, ["recency_days"])


def test_values_may_come_in_any_form_that_the_model_takes(model: SegmentModel, customers: list[dict[str, Any]]) -> None:
    """Numbers of NumPy, and the missing markers of pandas."""
    bare = customers[0] | {"days_between_orders": None, "country": None}
    dressed = {
        name: (pd.NA if value is None else np.float32(value) if name == "employees" else value)
        for name, value in bare.items()
    }
    for to in model.ids[:2]:
        expected = what_would_change(model, bare, to, ["monetary_value", "plan"])
        assert repr(what_would_change(model, dressed, to, ["monetary_value", "plan"])) == repr(expected)


@pytest.mark.parametrize("missing", [math.nan, np.float32("nan"), Decimal("NaN"), pd.NA])
def test_what_is_missing_in_a_row_of_a_frame_does_not_change(
    kmeans_model: SegmentModel, customers: list[dict[str, Any]], missing: Any
) -> None:
    """`frame.iloc[0].to_dict()` has NaN where a value is missing, which equals nothing."""
    customer = customers[0] | {"days_between_orders": None}
    other = next(to for to in kmeans_model.ids if to != kmeans_model.assign_record(customer).segment_id)
    for changeable in (["monetary_value", "plan"], ["monetary_value", "days_between_orders"]):
        expected = what_would_change(kmeans_model, customer, other, changeable, relations=())
        dressed = customer | {"days_between_orders": missing}
        assert what_would_change(kmeans_model, dressed, other, changeable, relations=()) == expected
        assert not any("nan" in change.words for change in expected.changes)


def test_extreme_and_missing_values_are_starting_points_too(
    model: SegmentModel, customers: list[dict[str, Any]]
) -> None:
    for customer in (
        customers[0] | {"monetary_value": 1e300},
        customers[0] | {"monetary_value": -1e300, "plan": "never seen ✓"},
        customers[0] | {"days_between_orders": None, "frequency": 1e12},
        customers[0] | {"frequency": 2.5},
    ):
        for to in model.ids[:2]:
            answer = what_would_change(model, customer, to, ("days_between_orders", "monetary_value"), relations=())
            check(model, customer, answer, {"days_between_orders", "monetary_value"})


@quick
@given(
    transform=st.sampled_from(list(Transform)),
    power=st.floats(-3, 5),
    ends=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_decoding_undoes_encoding(
    transform: Transform, power: float, ends: tuple[float, float], shares: list[float]
) -> None:
    low, high = min(ends), max(ends)
    assume(high - low > 1e-3)
    if transform is Transform.LOG1P:
        low, high = abs(low), abs(low) + high - low
    encoding = NumberEncoding(
        names=("x",),
        fill=np.array([low]),
        lower=np.array([low]),
        upper=np.array([high]),
        transforms=(transform,),
        power=np.array([power]),
        quantiles=np.linspace(low, high, 40)[None, :] if transform is Transform.QUANTILE else np.empty((0, 0)),
        center=np.array([0.7]),
        factor=np.array([1.3]),
    )
    number = FreeNumber(encoding, Column("x", Kind.NUMBER), 0, np.array([low]))
    encoded_low, encoded_high = number.encoded_reach
    encoded = encoded_low + np.array(shares) * (encoded_high - encoded_low)
    decoded = number.decode(encoded)
    assert np.all((decoded >= low) & (decoded <= high))
    # a power of -3 over a thousandfold range loses digits of its own: judged against the range
    np.testing.assert_allclose(number.encode(decoded), encoded, rtol=0, atol=1e-8 * (encoded_high - encoded_low))
