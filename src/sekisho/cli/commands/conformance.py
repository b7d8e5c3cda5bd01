"""`sekisho conformance`: the corpus, asked of the engine and of the one-packet reading."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.main import DONE, FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sekisho.conformance.case import Case
    from sekisho.conformance.run import Result


@click.command("conformance", epilog="Example: sekisho conformance --group acls")
@click.argument("places", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Only cases of this group; may be repeated.")
@click.option(
    "--extract",
    nargs=2,
    metavar="CASE DIR",
    help="Write the case's snapshot and its questions into the new directory DIR, for another tool.",
)
@click.option("--coverage", is_flag=True, help="Print docs/COVERAGE.md: every construct, and the cases that show it.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    places: tuple[Path, ...],
    groups: tuple[str, ...],
    extract: tuple[str, str] | None,
    coverage: bool,
) -> int:
    """Run the conformance corpus of DIR and print a scoreboard by group; exit 1 on any miss.

    DIR is `conformance` if not given, or any directory of cases; several are run together.
    """
    from sekisho.conformance.case import CaseError, cases  # noqa: PLC0415 - imported when the command runs
    from sekisho.conformance.run import run  # noqa: PLC0415

    everything = [case for place in places or (_bundled(),) for case in cases(place)]
    found = [case for case in everything if not groups or case.group in groups]
    if not found:
        raise CaseError(f"no case is in group {', '.join(groups)}")
    if extract:
        return _extract(found, *extract)
    if coverage:
        return _print_coverage(found)
    quiet = bool(ctx.obj and ctx.obj.get("quiet"))
    results = []
    for case in found:
        results.append(run(case))
        if results[-1].misses and not quiet:
            click.echo(f"{case.name}: {case.body.title}", err=True)
            for miss in results[-1].misses:
                click.echo(f"  {miss}", err=True)
    _print_scoreboard(results)
    return FINDINGS if any(result.misses for result in results) else DONE


def _bundled() -> Path:
    """`conformance` here, else that of the checkout that this program runs from."""
    here, checkout = Path("conformance"), Path(__file__).parents[4] / "conformance"
    return checkout if not here.is_dir() and checkout.is_dir() else here


def _extract(found: "Iterable[Case]", name: str, place: str) -> int:
    from sekisho.conformance.case import CaseError  # noqa: PLC0415
    from sekisho.conformance.overlay import extract  # noqa: PLC0415

    case = next((c for c in found if c.name == name), None)
    if case is None:
        raise CaseError(f"no case is called {name}; names are GROUP/NUMBER-WORDS, without .json")
    for written in extract(case, Path(place)):
        click.echo(f"wrote {written}")
    return DONE


def _print_coverage(found: "list[Case]") -> int:
    from sekisho.conformance.coverage import page  # noqa: PLC0415

    click.echo(page(found), nl=False)
    return DONE


def _print_scoreboard(results: "list[Result]") -> None:
    groups = sorted({result.case.group for result in results})
    lines = [(group, [r for r in results if r.case.group == group]) for group in groups]
    width = max(len(name) for name in (*groups, "all"))
    click.echo(f"{'group':{width}}  cases  passed  questions  by trace")
    for name, mine in [*lines, ("all", results)]:
        passed = sum(not r.misses for r in mine)
        asked, traced = sum(r.questions for r in mine), sum(r.traced for r in mine)
        click.echo(f"{name:{width}}  {len(mine):5}  {passed:6}  {asked:9}  {traced:8}")
    missed = [r for r in results if r.misses]
    if missed:
        click.echo(f"{len(missed)} of {len(results)} cases missed: {', '.join(r.case.name for r in missed)}")
    else:
        click.echo(f"all {len(results)} cases pass")
