"""Where every candidate is refused, the error names the settings that let the nearest one through."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segment_model.errors import DiscoveryError
from training.evaluation.nearest_candidate import beside_limit, broken_in_words, limits_to_move, nearest_candidate
from training.evaluation.quality import Judgement
from training.evaluation.selection import choose, objections, unsteadiness
from training.settings import DiscoverySettings

SHARES = st.floats(0, 1, allow_subnormal=False)


def judged(**scores: float) -> Judgement:
    usual = {
        "segments": 4, "smallest_share": 0.1, "largest_share": 0.5, "unassigned_share": 0.0, "silhouette": 0.4,
        "stability": 0.9, "agreement": 1.0,
    }  # fmt: skip
    return Judgement(**{**usual, **scores})  # type: ignore[arg-type]


def refusal(*judgements: Judgement | None, settings: DiscoverySettings | None = None) -> str:
    names = [f"candidate {number}" for number in range(len(judgements))]
    with pytest.raises(DiscoveryError) as caught:
        choose(names, judgements, settings or DiscoverySettings())
    return str(caught.value)


@pytest.mark.parametrize(
    ("broken", "proposed"),
    [
        ({"smallest_share": 0.00437}, "min_share: 0.0043"),
        ({"largest_share": 0.9731}, "max_share: 0.974"),
        ({"segments": 61}, "max_segments: 61"),
        ({"unassigned_share": 0.61}, "max_unassigned: 0.61"),
        ({"smallest_share": 0.002, "largest_share": 0.99}, "min_share: 0.002, max_share: 0.99"),
        ({"stability": 0.2}, "force: true"),
        ({"smallest_share": 0.0}, "min_share: 0"),
    ],
)
def test_each_limit_is_answered_by_its_setting(broken: dict[str, float], proposed: str) -> None:
    assert f"candidate 0 comes nearest: `discovery: {{{proposed}}}` lets it through" in refusal(judged(**broken))


def test_the_fewest_and_smallest_changes_are_proposed_and_the_broken_limits_counted() -> None:
    far, near = judged(largest_share=0.96, smallest_share=0.004), judged(smallest_share=0.009)
    message = refusal(far, near, judged(smallest_share=0.001), judged(stability=0.1, segments=70), None)
    assert "candidate 1 comes nearest: `discovery: {min_share: 0.009}`" in message
    assert "Limits broken: min_share by 3 candidates, max_share by 1 candidate, max_segments by 1 candidate." in message
    assert "candidate 4: refused: fewer than two segments" in message


def test_giving_up_a_test_of_trust_comes_after_moving_a_limit() -> None:
    message = refusal(judged(stability=0.1), judged(segments=70))
    assert "candidate 1 comes nearest: `discovery: {max_segments: 70}`" in message
    assert message.startswith("no reproducible structure. ")


def test_without_any_segments_other_algorithms_are_proposed() -> None:
    message = refusal(None, None)
    assert message.startswith(
        "no candidate may be chosen: none made segments that can be judged. Try other `discovery.algorithms`"
    )
    assert nearest_candidate({}, DiscoverySettings()) is None
    assert broken_in_words({}) == ""


@given(
    st.lists(
        st.builds(
            judged,
            segments=st.integers(2, 80),
            smallest_share=SHARES,
            largest_share=SHARES,
            unassigned_share=SHARES,
            stability=SHARES,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_proposed_settings_let_that_candidate_through(judgements: list[Judgement]) -> None:
    settings = DiscoverySettings(min_segments=3)
    names = [f"candidate {number}" for number in range(len(judgements))]
    try:
        choose(names, judgements, settings)
    except DiscoveryError as error:
        proposal = re.search(r"candidate (\d+) comes nearest: `(.*?)`", str(error))
        assert proposal is not None
        changed = DiscoverySettings.model_validate({"min_segments": 3, **yaml.safe_load(proposal[2])["discovery"]})
        assert objections(judgements[int(proposal[1])], changed) == []
        choose(names, judgements, changed)
    else:
        moved = [limits_to_move(j, settings, bool(unsteadiness(j))) for j in judgements]
        assert {} in moved


@pytest.mark.parametrize(
    ("share", "limit", "words"),
    [
        (0.0096, 0.01, ("0.96 %", "1.00 %")),
        (0.004, 0.01, ("0.4 %", "1.0 %")),
        (0.95001, 0.95, ("95.001 %", "95.000 %")),
        (0.5, 0.5, ("50.000000 %", "50.000000 %")),
    ],
)
def test_the_decimals_tell_the_share_and_the_limit_apart(share: float, limit: float, words: tuple[str, str]) -> None:
    assert beside_limit(share, limit) == words
