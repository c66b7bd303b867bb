"""Of a test with cases marked `full` `make test` keeps others; whole tests are left out as `long` alone."""

from nasgauge.spaces import SPACES, get_space


def test_every_test_has_a_case_that_is_not_left_for_later(left_for_later):
    assert any("test_every_test_has_a_case" in name for name in left_for_later)
    assert [name for name, cases in left_for_later.items() if all(cases)] == []


def test_the_spaces_that_stay_are_of_every_kind(representatives):
    rooms = {name: type(get_space(name)).__module__ for name in SPACES}
    assert {rooms[name] for name in representatives} == set(rooms.values()) and len(representatives) == 5
