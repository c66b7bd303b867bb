"""Of a test with cases marked `full` `make test` keeps others; whole tests are left out as `long` alone."""

from pathlib import Path

from nasgauge.spaces import SPACES, get_space


def test_every_test_has_a_case_that_is_not_left_for_later(left_for_later):
    assert any("test_every_test_has_a_case" in name for name in left_for_later)
    assert [name for name, cases in left_for_later.items() if all(cases)] == []


def test_every_long_case_is_one_of_a_test_that_exists(long_cases):
    root = Path(__file__).parents[1]
    assert len(long_cases) == len(set(long_cases)) > 100
    for case in long_cases:
        path, _, name = case.partition("::")
        text = (root / path).read_text(encoding="utf-8")
        assert path.startswith("nasgauge/") or f"def {name.partition('[')[0].split('::')[-1]}(" in text, case


def test_the_spaces_that_stay_are_of_every_kind(representatives):
    rooms = {name: type(get_space(name)).__module__ for name in SPACES}
    assert {rooms[name] for name in representatives} == set(rooms.values()) and len(representatives) == 5
