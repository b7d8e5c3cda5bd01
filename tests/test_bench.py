"""The benchmark itself: that it measures what it says, and that its page can be believed."""

import re
from pathlib import Path

import pytest

import bench.extremes
import bench.quotas
from bench import measure, page, picture, stages
from bench.measure import Cost
from bench.page import FLOOR, Measured
from bench.rows import EVERYTHING, ROWS, Estate, Row, floor
from sekisho.load import load

STORY = Path(__file__).parents[1] / "src/sekisho/estates/story"
MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def found_by_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{measure.ROOT / 'src'}:{measure.ROOT / 'tests'}")


def cost(seconds: float, peak: int = 0) -> Cost:
    return Cost(seconds, seconds / 2, peak)


def row(unit: str, limit: float = 6, memory: float | None = None) -> Row:
    return Row("it", floor, limit, unit, memory)  # type: ignore[arg-type]


def test_every_row_can_be_measured(tmp_path: Path) -> None:
    bench.quotas.write(tmp_path / "quotas")
    bench.extremes.write(tmp_path)
    measure.process("-m", "sekisho", "-q", "synth", "--interfaces", "300", str(tmp_path / "300"))
    estate = Estate(tmp_path / "300", 300, tmp_path)
    costs = [measured.measure(estate) for measured in (*ROWS, FLOOR)]
    assert all(c.seconds > 0 and c.processor > 0 and c.peak > MEGABYTE for c in costs)


def test_a_process_that_fails_is_no_number() -> None:
    with pytest.raises(measure.FailedError, match="ended with 2"):
        measure.process("-c", "raise SystemExit(2)")


def test_medians_are_of_each_number_and_memory_is_the_highest() -> None:
    assert measure.median([Cost(1, 9, 5), Cost(3, 7, 6), Cost(2, 8, 4)]) == Cost(2, 8, 6)


@pytest.mark.parametrize(
    ("unit", "value", "computed"), [("floor", 4, False), ("ms", 2000, False), ("us", 2000, False), ("ms", 1000, True)]
)
def test_a_limit_counts_in_its_unit(unit: str, value: float, computed: bool) -> None:
    assert Measured(row(unit), 1000, cost(2), cost(0.5), computed).value == value


def test_a_limit_is_met_in_time_and_in_memory() -> None:
    def holds(seconds: float, peak: int) -> bool:
        return Measured(row("floor", 6, 1000), MEGABYTE, cost(seconds, peak), cost(1), computed=False).holds

    assert holds(6, 1100 * MEGABYTE)
    assert not holds(6.1, 1100 * MEGABYTE)
    assert not holds(6, 1101 * MEGABYTE)


def test_the_page_says_what_was_missed_and_how_cost_grows() -> None:
    one = row("floor")
    found = [Measured(one, n, cost(n / 1000), cost(n / 10_000), computed=False) for n in (1000, 2000)]
    text = page.text(found, 3, {"rows": 7, "answers": 6, "findings": 5}, computed=False)
    assert "| it | 1.000 | 10.0 | 1000.0 | 6x **missed** | 0 MB |" in text
    assert "| it | 1000.0 | 1000.0 | 1.00 |" in text
    assert "0 of 2 limits are met." in text
    assert "- it, 1,000 interfaces: 10.0x, limit 6x **missed**" in text
    assert "7 verdicts, 6 different answers, 5 findings" in text


def test_ten_million_are_reckoned_from_the_largest_estate() -> None:
    whole = Measured(EVERYTHING, 1000, Cost(9, 3.6, 100 * MEGABYTE + 5_000_000), cost(1), computed=False)
    text = page.ten_million([whole])
    assert "3,600 us of one processor core and 5.0 kB" in text
    assert "about 10.0 core-hours, and 47 GB" in text


def test_stages_are_timed_apart() -> None:
    found = measure.told("-m", "bench.stages", str(STORY))
    assert set(found) == {*stages.STAGES, "rows", "answers", "findings"}
    assert all(found[stage] >= 0 for stage in stages.STAGES)


def test_the_picture_has_a_part_for_each_stage() -> None:
    drawn = picture.svg(dict.fromkeys(stages.STAGES, 1.0), "it")
    widths = [float(width) for width in re.findall(r'width="([0-9.]+)" height="36"', drawn)]
    assert widths == [pytest.approx(720 / 7, abs=0.1)] * 7


def test_the_estate_at_quotas_is_read_whole_and_as_large_as_it_says(tmp_path: Path) -> None:
    bench.quotas.write(tmp_path / "quotas")
    snapshot = load(tmp_path / "quotas")
    assert snapshot.issues == ()
    assert sum(len(g.ip_permissions) for g in snapshot.security_groups.values()) == 1000
    assert [len(a.entries) for a in snapshot.network_acls.values()] == [80]
    assert [len(t.routes) for t in snapshot.route_tables.values()] == [1000]


def test_the_extremes_are_read_whole_and_as_large_as_they_say(tmp_path: Path) -> None:
    bench.extremes.write(tmp_path)
    lists, routes, members = (load(tmp_path / name) for name in ("lists", "routes", "members"))
    assert [s.issues for s in (lists, routes, members)] == [(), (), ()]
    assert [len(found.cidrs) for found in lists.prefix_lists.values()] == [1000] * 5
    assert [len(t.routes) for t in routes.route_tables.values()] == [5000]
    assert sum(i.group_ids == ("sg-far",) for i in members.interfaces.values()) == 10_000
