from functions.identifiers import is_identifier, new_identifier


def test_identifiers_are_distinct_and_well_formed():
    made = {new_identifier() for _ in range(1000)}

    assert len(made) == 1000
    assert all(is_identifier(identifier) for identifier in made)


def test_identifiers_sort_by_time(monkeypatch):
    clock = iter(range(1_700_000_000_000_000_000, 1_700_000_001_000_000_000, 100_000_000))
    monkeypatch.setattr("functions.identifiers.time.time_ns", lambda: next(clock))

    made = [new_identifier() for _ in range(10)]

    assert made == sorted(made)


def test_other_text_is_not_an_identifier():
    assert not is_identifier("")
    assert not is_identifier("01KB000000000000000000000")
    assert not is_identifier("01kb0000000000000000000000")
    assert not is_identifier("01KB000000000000000000000U")
