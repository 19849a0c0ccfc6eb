"""The pictures: every one is drawn, from sound and from degenerate discoveries, the same each time."""

from __future__ import annotations

import struct
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from reporting.colours import DARK_PALETTE, PALETTE, colour_of, colour_ranks
from reporting.pictures.all_pictures import PICTURES, draw_pictures
from reporting.pictures.candidate_scores import candidate_scores
from reporting.pictures.contributions_beeswarm import contributions_beeswarm
from reporting.pictures.customer_map import customer_map
from reporting.pictures.drawing import lettering, png, swarm
from reporting.pictures.picture import Picture
from reporting.pictures.profile_heatmap import profile_heatmap
from reporting.pictures.silhouette_plot import silhouette_plot
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.cards import SegmentLabel
from segment_model.explanation.centroid import CentroidExplainer
from training.discovery.discovery import Discovery
from training.evaluation.map_layout import MapLayout
from training.profiling.rare_levels import OTHER

FAST = [picture for picture in PICTURES if picture.name != "customer_map"]  # UMAP takes seconds to warm up


@pytest.fixture(params=["kmeans", "hdbscan"])
def discovery(request: pytest.FixtureRequest) -> Discovery:
    discovery: Discovery = request.getfixturevalue(f"{request.param}_discovery")
    return discovery


def first_customers(discovery: Discovery, count: int) -> Discovery:
    """The same discovery with only its first customers."""
    labels = discovery.labels[:count]
    candidates = [replace(candidate, labels=labels) for candidate in discovery.candidates]
    return replace(
        discovery, frame=discovery.frame[:count], points=discovery.points[:count], candidates=tuple(candidates)
    )


def with_labels(discovery: Discovery, labels: np.ndarray) -> Discovery:
    """The same discovery as if its candidate had put customers elsewhere."""
    return replace(discovery, candidates=tuple(replace(c, labels=labels) for c in discovery.candidates))


def texts_of(figure: Figure) -> str:
    return " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text))


def size_of(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", image[16:24])
    return int(width), int(height)


def test_every_picture_is_the_same_png_each_time(hdbscan_discovery: Discovery) -> None:
    first, second = draw_pictures(hdbscan_discovery), draw_pictures(hdbscan_discovery)
    assert first == second
    assert not first.failures
    assert set(first.images) == {
        "customer_map", "profile_heatmap", "contributions_beeswarm", "silhouette_plot", "candidate_scores",
    }  # fmt: skip
    for image in first.images.values():
        width, height = size_of(image)
        assert 700 <= width <= 2600
        assert 300 <= height <= 3000
        assert b"Software" not in image


def test_a_picture_that_fails_is_named_and_the_others_are_drawn(kmeans_discovery: Discovery) -> None:
    def fail(discovery: Discovery) -> Figure:
        raise ValueError("no ink")

    broken = Picture("broken", fail)
    drawn = draw_pictures(kmeans_discovery, (broken, *FAST[:1]))
    assert list(drawn.images) == [FAST[0].name]
    assert drawn.failures == {"broken": "ValueError: no ink"}


def test_the_map_shows_each_segment_in_its_colour_and_names_it(hdbscan_discovery: Discovery) -> None:
    figure = customer_map(hdbscan_discovery)
    drawn = {tuple(dots.get_facecolor()[0][:3]): len(dots.get_offsets()) for dots in figure.axes[0].collections}
    ranks = (*colour_ranks(hdbscan_discovery.model.ids), -1)
    for position in np.unique(hdbscan_discovery.labels):
        assert drawn[to_rgba(colour_of(ranks[position]))[:3]] == np.sum(hdbscan_discovery.labels == position)
    for card in hdbscan_discovery.model.cards:
        assert texts_of(figure).count(card.name) == 1
    assert "UMAP" in texts_of(figure)


@pytest.mark.parametrize(
    "name", ["", "campaigns in 13 weeks at least 3, frequent shoppers {}", "Größe 日本語 {}", "x" * 50]
)
def test_names_on_the_map_cover_neither_dots_nor_one_another(discovery: Discovery, name: str) -> None:
    model = discovery.model
    if name:
        labels = {own: SegmentLabel(f"{name} {place}") for place, own in enumerate(model.ids)}
        discovery = replace(discovery, model=model.with_overlay(labels))
    figure = customer_map(discovery)
    png(figure)
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    assert len(boxes) == len(model.ids)
    assert not any(first.overlaps(second) for place, first in enumerate(boxes) for second in boxes[:place])
    for dots in axes.collections:
        places = axes.transData.transform(dots.get_offsets())
        radius = np.sqrt(dots.get_sizes()[0]) / 2 * figure.dpi / 72
        for box in boxes:
            across = np.maximum(np.maximum(box.x0 - places[:, 0], places[:, 0] - box.x1), 0)
            up = np.maximum(np.maximum(box.y0 - places[:, 1], places[:, 1] - box.y1), 0)
            assert np.hypot(across, up).min() > radius
    frame = axes.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    assert all(frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in boxes)


def test_more_names_than_fit_beside_the_map_stand_below_it(kmeans_discovery: Discovery) -> None:
    """Of forty segments no name is on the map, and each is in the legend."""
    card = kmeans_discovery.model.cards[0]
    cards = [replace(card, id=f"seg-{place:02d}", name=f"group {place}") for place in range(40)]
    labels = np.arange(400) % 40
    discovery = SimpleNamespace(
        map_layout=MapLayout(np.arange(400), np.random.default_rng(0).normal(size=(400, 2)), "UMAP"),
        model=SimpleNamespace(ids=[card.id for card in cards], cards=cards),
        profile=kmeans_discovery.profile,
        labels=labels,
    )
    figure = customer_map(cast(Discovery, discovery))
    assert list(figure.axes[0].texts) == []
    assert [text.get_text() for text in figure.legends[0].get_texts()][39] == "group 39 (2.5 %)"


def test_few_customers_are_mapped_by_principal_components_and_it_says_so(kmeans_discovery: Discovery) -> None:
    figure = customer_map(first_customers(kmeans_discovery, 30))
    assert "30 customers are too few for UMAP" in texts_of(figure)
    assert sum(len(dots.get_offsets()) for dots in figure.axes[0].collections) == 30


def test_silhouettes_are_those_of_the_judgement(kmeans_discovery: Discovery) -> None:
    judgement = kmeans_discovery.chosen.judgement
    assert judgement is not None
    figure = silhouette_plot(kmeans_discovery)
    assert f"{judgement.silhouette:.2f}" in texts_of(figure)
    means = [float(label.get_text().rsplit("mean ")[1]) for label in figure.axes[0].get_yticklabels()]
    sizes = np.bincount(kmeans_discovery.labels)
    assert np.average(means, weights=sizes) == pytest.approx(judgement.silhouette, abs=0.01)


def test_one_segment_with_customers_has_no_silhouette(kmeans_discovery: Discovery) -> None:
    alone = with_labels(kmeans_discovery, np.zeros(len(kmeans_discovery.labels), dtype=np.intp))
    assert "only one segment has customers" in texts_of(silhouette_plot(alone))
    for picture in FAST:
        size_of(png(picture.draw(alone)))


def test_nobody_assigned_still_draws(hdbscan_discovery: Discovery) -> None:
    nobody = with_labels(hdbscan_discovery, np.full(len(hdbscan_discovery.labels), -1, dtype=np.intp))
    for picture in FAST:
        size_of(png(picture.draw(nobody)))


def test_a_model_of_one_segment_draws(kmeans_discovery: Discovery) -> None:
    model = kmeans_discovery.model
    assert isinstance(model.assigner, NearestCentroid)
    assert isinstance(model.explainer, CentroidExplainer)
    assigner = NearestCentroid(model.assigner.centroids[:1])
    lone = replace(
        model,
        assigner=assigner,
        explainer=assigner.stored_explainer(model.encoder, {"mean": model.explainer.mean}),
        discovered_cards=model.discovered_cards[:1],
    )
    alone = replace(with_labels(kmeans_discovery, np.zeros(len(kmeans_discovery.labels), dtype=np.intp)), model=lone)
    for picture in FAST:
        size_of(png(picture.draw(alone)))


def test_the_heatmap_tells_medians_and_leaves_out_sensitive_columns(discovery: Discovery) -> None:
    hidden = [
        replace(card, medians={k: v for k, v in card.medians.items() if k != "country"})
        for card in discovery.model.cards
    ]
    secretive = replace(discovery, model=replace(discovery.model, discovered_cards=tuple(hidden)))
    assert "country" in texts_of(profile_heatmap(discovery))
    text = texts_of(profile_heatmap(secretive))
    assert "country" not in text
    assert "frequency (orders)" in text
    for card in discovery.model.cards:
        assert f" {card.medians['frequency']:g} " in f" {text} "


def test_a_long_number_of_the_heatmap_is_not_cut_into_another(kmeans_discovery: Discovery) -> None:
    """1,150,000,000,000 cut to the width of a cell would read as a thousandth of it."""
    cards = [
        replace(card, medians={**card.medians, "monetary_value": 1.15e12}) for card in kmeans_discovery.model.cards
    ]
    large = replace(kmeans_discovery, model=replace(kmeans_discovery.model, discovered_cards=tuple(cards)))
    text = texts_of(profile_heatmap(large))
    assert "1.15e+12" in text
    assert "1,150,000" not in text


def test_the_heatmap_pools_the_rare_levels_of_everyone_as_those_of_segments(kmeans_discovery: Discovery) -> None:
    """Of towns of one customer each, none is the commonest; segments and everyone say so in the same word."""
    rows = range(len(kmeans_discovery.frame))
    towns = kmeans_discovery.frame.assign(country=[f"town {row}" for row in rows])
    cards = [replace(card, medians={**card.medians, "country": OTHER}) for card in kmeans_discovery.model.cards]
    pooled = replace(
        kmeans_discovery, frame=towns, model=replace(kmeans_discovery.model, discovered_cards=tuple(cards))
    )
    text = texts_of(profile_heatmap(pooled))
    assert text.count(OTHER) == len(cards) + 1
    assert "town" not in text


def test_the_beeswarm_draws_the_models_own_contributions(discovery: Discovery) -> None:
    figure = contributions_beeswarm(discovery)
    for position, axes in enumerate(figure.axes[: len(discovery.model.cards)]):
        members = discovery.frame[discovery.labels == position]
        explained = discovery.model.explain_table(members)
        assert set(explained.toward) == {position}
        drawn = np.concatenate([np.asarray(dots.get_offsets())[:, 0] for dots in axes.collections])
        known = explained.contributions.ravel()
        nearest = np.abs(drawn[:, None] - known[None, :]).min(axis=1)
        assert nearest.max() < 1e-9


def test_the_chosen_candidate_is_ringed_and_the_refused_say_so(hdbscan_discovery: Discovery) -> None:
    nothing = replace(
        hdbscan_discovery.chosen, fit=None, judgement=None, labels=None, refusal="fewer than two segments"
    )
    choice = replace(
        hdbscan_discovery.choice, remarks=(*hdbscan_discovery.choice.remarks, "refused: fewer than two segments")
    )
    tried = replace(hdbscan_discovery, candidates=(*hdbscan_discovery.candidates, nothing), choice=choice)
    text = texts_of(candidate_scores(tried))
    assert text.count("fewer than two segments") == 1, "not in both panels"
    assert f"{tried.judgement.stability:.2f}" in text


@pytest.mark.parametrize(
    "name",
    ["Größe: Жанна, 日本語 🛒", "$100$ a month and $5$", "two\nlines\tand \x07", r"\frac{1}{0} _{x^2", "x" * 300],
)
def test_any_name_can_be_drawn(kmeans_discovery: Discovery, name: str) -> None:
    model = kmeans_discovery.model
    renamed = model.with_overlay({model.ids[0]: SegmentLabel(name)})
    few = first_customers(replace(kmeans_discovery, model=renamed), 40)
    for picture in PICTURES:
        size_of(png(picture.draw(few)))


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_no_text_leaves_the_picture(kmeans_discovery: Discovery, picture: Picture) -> None:
    model = kmeans_discovery.model
    name = "campaigns in 13 weeks at least 3, frequent shoppers, first trip at least 350 days ago"
    named = model.with_overlay(dict.fromkeys(model.ids, SegmentLabel(name)))
    figure = picture.draw(replace(kmeans_discovery, model=named))
    figure.canvas.draw()
    whole = figure.bbox
    texts = [text for text in figure.findobj(Text) if text.get_visible()]
    drawn = [text for text in texts if any(map(str.isalpha, text.get_text()))]  # not ticks beyond the limits
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawn]
    outside = [words for words, box in boxes if box.x0 < whole.x0 or box.x1 > whole.x1 or box.y1 > whole.y1]
    assert outside == []


def test_a_long_level_of_the_heatmap_has_two_lines(kmeans_discovery: Discovery) -> None:
    cards = [
        replace(card, medians={**card.medians, "country": "No internet service"})
        for card in kmeans_discovery.model.cards
    ]
    long = replace(kmeans_discovery, model=replace(kmeans_discovery.model, discovered_cards=tuple(cards)))
    assert "No internet service" in texts_of(profile_heatmap(long))


def test_colours_repeat_only_after_the_palette_is_used_up() -> None:
    assert len({colour_of(position) for position in range(len(PALETTE))}) == len(PALETTE) >= 12
    assert colour_of(-1) not in PALETTE
    assert len(set(DARK_PALETTE)) == len(PALETTE)


def test_a_segment_keeps_its_colour_whatever_its_place() -> None:
    assert colour_ranks(["seg-c", "seg-a", "seg-b"]) == (2, 0, 1)
    assert colour_ranks([]) == ()


def test_a_swarm_stays_on_its_line_and_spreads_equal_values() -> None:
    lonely = swarm(np.array([0.0, 1.0, 2.0]), 0.4)
    np.testing.assert_array_equal(lonely, 0)
    crowded = swarm(np.ones(50), 0.4)
    assert len(np.unique(crowded)) == 50
    assert np.abs(crowded).max() <= 0.4
    assert np.abs(swarm(np.random.default_rng(0).normal(size=500), 0.4)).max() <= 0.4 + 1e-9
    assert swarm(np.array([3.0]), 0.4) == [0.0]


def test_lettering_breaks_between_phrases() -> None:
    assert lettering("discount seeker, low spend", 20) == "discount seeker,\nlow spend"
    assert lettering("a b c d e f g h", 3, lines=2).endswith("…")
    assert lettering("costs $5") == r"costs \$5"
