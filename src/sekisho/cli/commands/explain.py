"""`sekisho explain`: one question, answered hop by hop."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli import output
from sekisho.cli.main import DONE, UNDECIDED
from sekisho.cli.snapshot import SnapshotPlace

if TYPE_CHECKING:
    from sekisho.engine.query import Query


@click.command(
    "explain",
    epilog="Example: sekisho explain snapshot/ --from internet --to i-0abc --protocol tcp --port 22",
)
@click.argument("snapshot", type=SnapshotPlace(path_type=Path))
@click.option(
    "--from", "source", required=True, metavar="ENDPOINT", help="internet, internet:CIDR, an id, or ip:ADDRESS."
)
@click.option("--to", "destination", required=True, metavar="ENDPOINT", help="The same.")
@click.option("--protocol", required=True, help="tcp, udp, icmp, icmpv6, any or a number.")
@click.option("--port", help="Destination port: 443 or 8000-8010.")
@click.option("--source-port", help="Source port: 443 or 1024-65535. Any where not given.")
@click.option("--icmp-type", type=click.IntRange(0, 255), help="ICMP type. Any where not given.")
@click.option("--icmp-code", type=click.IntRange(0, 255), help="ICMP code. Any where not given.")
@click.option("--family", type=click.Choice(["ipv4", "ipv6"]), help="Both where not given.")
@output.options("table", "json")
def command(
    *,
    snapshot: Path | str,
    source: str,
    destination: str,
    protocol: str,
    port: str | None,
    source_port: str | None,
    icmp_type: int | None,
    icmp_code: int | None,
    family: str | None,
    output_format: str,
    output_file: Path | None,
) -> int:
    """Say whether packets from one endpoint reach another in SNAPSHOT, and show every hop or every barrier."""
    from sekisho.analysis import explain  # noqa: PLC0415 - imported when the command runs
    from sekisho.iac import load  # noqa: PLC0415

    query = _query(
        source=source,
        destination=destination,
        protocol=protocol.lower(),
        port=port,
        source_port=source_port,
        icmp_type=icmp_type,
        icmp_code=icmp_code,
        family=family,
    )
    document = output.explanation(explain(load(snapshot).snapshot, query))
    output.render_explanation(document, output_format, output_file)
    return UNDECIDED if document["verdict"] == "unknown" else DONE


def _query(
    *,
    source: str,
    destination: str,
    protocol: str,
    port: str | None,
    source_port: str | None,
    icmp_type: int | None,
    icmp_code: int | None,
    family: str | None,
) -> "Query":
    from sekisho.engine.query import Query, parse_endpoint, parse_range, protocol_of  # noqa: PLC0415
    from sekisho.errors import QueryError  # noqa: PLC0415

    number = None if protocol == "any" else protocol_of(protocol)
    if (port or source_port) and protocol not in {"any", "tcp", "udp", "6", "17"}:
        raise QueryError(f"`--protocol {protocol}` has no ports: leave out --port and --source-port")
    if (icmp_type is not None or icmp_code is not None) and number not in {1, 58}:
        raise QueryError("--icmp-type and --icmp-code go with --protocol icmp or icmpv6")
    return Query(
        source=parse_endpoint(source),
        destination=parse_endpoint(destination),
        protocol=protocol,
        ports=parse_range(port, "port") if port else None,
        source_ports=parse_range(source_port, "port") if source_port else None,
        icmp_type=icmp_type,
        icmp_code=icmp_code,
        family=family,  # type: ignore[arg-type]  # click checked the choice
    )
