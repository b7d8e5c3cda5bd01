import pytest

from sekisho.report.paper.moments import seconds, spelled, zone


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T23:59:59Z", 951_868_799),
        ("2026-11-23T05:00:00.123Z", 1_795_410_000),
        ("2026-11-23T14:00:00+09:00", 1_795_410_000),
        ("2026-11-22T19:30:00-09:30", 1_795_410_000),
        ("1969-12-31T23:59:59Z", -1),
        ("2025-02-29T00:00:00Z", None),
        ("yesterday", None),
    ],
)
def test_moments_as_seconds(written: str, moment: int | None) -> None:
    assert seconds(written) == moment


@pytest.mark.parametrize(
    ("moment", "offset", "said"),
    [
        (1_795_410_000, 0, "2026-11-23 05:00:00"),
        (1_795_410_000, 540, "2026-11-23 14:00:00"),
        (1_795_410_000, -570, "2026-11-22 19:30:00"),
        (951_868_799, 1, "2000-03-01 00:00:59"),
        (-1, 0, "1969-12-31 23:59:59"),
    ],
)
def test_moments_in_words(moment: int, offset: int, said: str) -> None:
    assert spelled(moment, offset) == said


def test_zones() -> None:
    assert [zone(540), zone(0), zone(-210)] == ["JST", "UTC+00:00", "UTC-03:30"]
