import pytest

from bench.figures import Comparison, Finding, Series, Target, quantile

OURS = Series("ours", "events/s", (30.0, 20.0, 40.0))
PEER = Series("peer", "events/s", (10.0, 20.0, 10.0))


def test_a_ratio_is_the_median_of_the_ratios_within_each_round() -> None:
    assert Comparison(OURS, Target(at_least=3.0), PEER).value == 3.0


def test_rounds_that_have_no_counterpart_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = Comparison(OURS, Target(at_least=1), Series("peer", "events/s", (1.0,))).value


def test_a_target_is_met_from_its_own_side() -> None:
    assert [Target(at_least=0.6).met(value) for value in (0.59, 0.6, 0.7)] == [False, True, True]
    assert [Target(at_most=1.5).met(value) for value in (1.4, 1.5, 1.51)] == [True, True, False]


def test_a_figure_alone_is_held_against_its_target() -> None:
    memory = Comparison(Series("idle", "MiB", (690.0, 710.0, 700.0)), Target(at_most=700))
    assert (memory.value, memory.met, memory.told()) == (700.0, True, "700 MiB, at most 700")


def test_a_series_is_told_by_its_median_and_its_spread() -> None:
    assert Series("relay", "events/s", (34463.0, 33000.0, 40100.0)).told() == "34,463 events/s (33,000 to 40,100)"


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_quantile_is_the_smallest_value_that_the_share_does_not_pass(share: float, value: int) -> None:
    assert quantile(list(range(1, 101)), share) == value


def test_a_finding_is_complete_for_programs() -> None:
    [comparison] = Finding("relay", (Comparison(OURS, Target(at_least=2), PEER),)).as_json()["comparisons"]
    assert (comparison["value"], comparison["met"], comparison["ours"]["rounds"]) == (3.0, True, (30.0, 20.0, 40.0))
