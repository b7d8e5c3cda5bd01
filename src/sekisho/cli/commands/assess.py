"""`sekisho assess`: every interface in scope, every origin."""

import gc
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sekisho.cli import collecting, output
from sekisho.cli.listeners import read_listeners
from sekisho.cli.main import DONE, FINDINGS, UNDECIDED
from sekisho.cli.progress import Progress
from sekisho.cli.snapshot import SnapshotPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sekisho.engine.certificate import Certificate
    from sekisho.scale.workers import Workers

ORIGIN_NAMES = ("internet", "peering", "vgw", "tgw", "privatelink", "gated")
SEVERITIES = ("high", "medium", "low", "informational")


@click.command(
    "assess",
    epilog="Example: sekisho assess snapshot/ --origin internet --fail-on medium -o json > assessment.json",
)
@click.argument("snapshot", required=False, type=SnapshotPlace(path_type=Path))
@click.option(
    "--on", "ground", type=click.Path(path_type=Path), help="The live snapshot that SNAPSHOT, a plan, is laid on."
)
@click.option(
    "--parameter", "parameters", multiple=True, metavar="K=V", help="A parameter of a CloudFormation template."
)
@click.option("--target", default="all", show_default=True, help="all, tag:KEY=VALUE, an instance or an interface.")
@click.option(
    "--direction",
    type=click.Choice(["ingress", "egress"]),
    default="ingress",
    show_default=True,
    help="What can reach each interface, or what each can reach.",
)
@click.option("--origin", "origins", multiple=True, metavar="ORIGIN", help=f"Only these: {', '.join(ORIGIN_NAMES)}.")
@click.option(
    "--listeners",
    type=click.Path(path_type=Path),
    help="What listens on instances: a JSON file, or a directory of `ss -H -lntup` outputs named by instance id.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="never",
    show_default=True,
    help="Exit 1 on a finding of this severity or over.",
)
@click.option(
    "--certificates",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write a certificate of each verdict there, one a line, for `python -m sekisho_check`.",
)
@click.option(
    "--live", is_flag=True, help="Collect first, into SNAPSHOT if it is given, with these options of `collect`:"
)
@collecting.options
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Share the work among N processes: if not given 1 for a small estate, else as many as there are cores.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Share it among the workers of a dask cluster: tcp://HOST:8786.")
@output.options("table", "json", "html", *output.EXPORTS)
@click.option("--output-dir", type=click.Path(path_type=Path), help="Also write report.html and assessment.json there.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    snapshot: Path | str | None,
    ground: Path | None,
    parameters: tuple[str, ...],
    live: bool,
    target: str,
    direction: Literal["ingress", "egress"],
    origins: tuple[str, ...],
    listeners: Path | None,
    fail_on: str,
    certificates: Path | None,
    workers: int | None,
    scheduler: str | None,
    output_format: str,
    output_file: Path | None,
    output_dir: Path | None,
    **asked: Any,  # noqa: ANN401 - the values of the shared options
) -> int:
    """Say for every network interface of SNAPSHOT what can reach it, and prove what cannot.

    SNAPSHOT is a directory, .zip or .tar.gz of saved AWS describe-* answers, here or at an address (s3://...); or what
    will be there: a Terraform plan or state as JSON, a CloudFormation template, a cdk.out folder; or an AWS Config
    snapshot.
    """
    from sekisho.analysis import assess  # noqa: PLC0415 - imported when the command runs
    from sekisho.iac import load  # noqa: PLC0415
    from sekisho.iac.document import annotate, changes, lines  # noqa: PLC0415
    from sekisho.load import uncollected  # noqa: PLC0415

    if target.encode("utf-8", "replace").decode() != target:
        raise click.BadParameter("a target is UTF-8 text", param_hint="--target")
    if certificates and direction == "egress":
        raise click.BadParameter("certificates speak of what comes in", param_hint="--certificates")
    if workers and scheduler:
        raise click.BadParameter("a cluster has its own workers; leave --workers out", param_hint="--scheduler")
    progress = Progress(ctx.obj)
    snapshot = collecting.snapshot(ctx, snapshot, live=live, progress=progress, **asked)
    proofs: list[Certificate] | None = [] if certificates else None
    progress.note(f"reading {snapshot}", detail=True)
    loaded = load(snapshot, on=ground, parameters=_parameters(parameters))
    if certificates and not loaded.collected:
        raise click.BadParameter("certificates speak of what describe calls answered", param_hint="--certificates")
    read = loaded.snapshot
    # What is read and made stays to the end: it need not be looked through for garbage again and again.
    gc.freeze()
    with uncollected(), _shared(workers, scheduler, len(read.interfaces)) as hands:
        found = assess(
            read,
            target=target,
            direction=direction,
            origins=chosen_origins(origins),
            listeners=read_listeners(listeners),
            progress=progress.over,
            certificates=proofs,
            workers=hands,
        )
    gc.freeze()
    if certificates and proofs is not None:
        output.write_certificates(proofs, snapshot, certificates)
    document = output.assessment(found)
    annotate(document, loaded.declared)
    if loaded.before is not None:
        was = assess(loaded.before, target=target, direction=direction, origins=chosen_origins(origins))
        document["changes"] = changes(output.assessment(was), document)
    page = cache(lambda: output.page(found, document, read))
    if output_dir:
        output.write_reports(document, page(), output_dir)
    output.render_assessment(document, output_format, output_file, page)
    if "changes" in document and output_format == "table" and output_file is None:
        click.echo("\n" + "\n".join(lines(document["changes"])))
    return _exit_code(document, fail_on)


def _parameters(written: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in written]
    wrong = next((name for name, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise click.BadParameter(f"`{wrong}` is no parameter: write NAME=VALUE", param_hint="--parameter")
    return {name: value for name, _, value in pairs}


@contextmanager
def _shared(workers: int | None, scheduler: str | None, interfaces: int) -> "Iterator[Workers | None]":
    """Who shares the work: a cluster, processes of this machine, or nobody."""
    if scheduler:
        from sekisho.scale.cluster import Cluster  # noqa: PLC0415

        with Cluster(scheduler) as cluster:
            yield cluster
        return
    from sekisho.scale.pool import LocalPool, fitting  # noqa: PLC0415

    processes = workers or fitting(interfaces)
    yield LocalPool(processes) if processes > 1 else None


def chosen_origins(written: tuple[str, ...]) -> Any:  # noqa: ANN401 - a tuple of the literal names
    """The origins that were named, in their customary order; all where none was."""
    names = [name.strip() for text in written for name in text.split(",") if name.strip()]
    wrong = next((name for name in names if name not in ORIGIN_NAMES), None)
    if wrong:
        raise click.BadParameter(f"`{wrong}` is no origin: use {', '.join(ORIGIN_NAMES)}", param_hint="--origin")
    return tuple(name for name in ORIGIN_NAMES if name in names) or ORIGIN_NAMES


def _exit_code(document: Any, fail_on: str) -> int:  # noqa: ANN401 - a JSON document
    """1 where a finding reaches the level; else 3 where something is undecided."""
    bar = -1 if fail_on == "never" else SEVERITIES.index(fail_on)
    counted = document["summary"]
    if any(counted["findings"].get(severity.capitalize()) for severity in SEVERITIES[: bar + 1]):
        return FINDINGS
    if any("unknown" in verdicts for verdicts in counted["verdicts"].values()):
        return UNDECIDED
    return UNDECIDED if document["coverage"]["unseen_interfaces"] else DONE
