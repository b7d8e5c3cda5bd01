"""A seeded sample of the damaged declarations; `python tests/iac/inputs.py` goes on from there."""

from iac.inputs import run


def test_every_damaged_declaration_is_read_or_refused_in_one_line() -> None:
    wrong: list[tuple[int, str]] = []
    counts = run(range(400), lambda seed, found: wrong.append((seed, found)))
    assert wrong == []
    # Most of them are still read: what is damaged is a part, and the rest is judged.
    assert counts["read"] > 200
    assert counts["refused"] > 50
