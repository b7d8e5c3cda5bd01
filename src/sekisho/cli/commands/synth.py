"""`sekisho synth`: a synthetic estate, to try things on and to measure with."""

from pathlib import Path

import click

from sekisho.cli.main import DONE
from sekisho.cli.progress import Progress

#: One Region has addresses for some two thousand VPCs that do not overlap.
_MOST_PER_REGION = 1_000_000
_MOST_ACCOUNTS = 100


@click.command("synth", epilog="Example: sekisho synth --interfaces 1000 --accounts 2 estate/")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--interfaces", type=click.IntRange(min=1), required=True, help="How many network interfaces in all.")
@click.option(
    "--accounts", type=click.IntRange(1, _MOST_ACCOUNTS), default=1, show_default=True, help="How many accounts."
)
@click.option(
    "--regions", type=click.IntRange(1, 16), default=1, show_default=True, help="In how many Regions each account is."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another number, another estate.")
@click.pass_context
def command(ctx: click.Context, *, directory: Path, interfaces: int, accounts: int, regions: int, seed: int) -> int:
    """Write a synthetic estate into DIR, which is new or empty.

    It has what estates have: fleets of instances, public and private subnets, load balancers, databases, peering,
    transit gateways, and a few mistakes. The same numbers give the same bytes.
    """
    from sekisho.synth import plan, rows, write  # noqa: PLC0415 - imported when the command runs

    if interfaces > _MOST_PER_REGION * regions:
        raise click.UsageError(f"a Region has room for {_MOST_PER_REGION} interfaces; add --regions")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise click.UsageError(f"{directory} is there and not an empty directory; two estates would mix")
    progress = Progress(ctx.obj)
    estate = plan(interfaces, accounts, regions, seed)
    for place in write(estate, rows(estate), directory):
        progress.note(f"wrote {place.account} in {place.region}", detail=True)
    counts = (_counted(len(estate.vpcs), "VPC"), _counted(accounts, "account"), _counted(regions, "Region"))
    click.echo("{} in {} of {} in {}: {}".format(_counted(interfaces, "interface"), *counts, directory))
    return DONE


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
