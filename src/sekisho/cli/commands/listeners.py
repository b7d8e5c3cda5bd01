"""`sekisho listeners`: inventories of what listens on instances, made of what other tools saved."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.main import DONE
from sekisho.errors import QueryError, SnapshotError

if TYPE_CHECKING:
    from sekisho.collect.sockets import Read
    from sekisho.findings.listeners import Listener

_INSTANCE = re.compile(r"i-[0-9a-zA-Z]{1,40}")


@click.group("listeners", epilog="Example: sekisho listeners import i-0123456789abcdef0.txt")
def command() -> None:
    """Make an inventory of what listens on instances, for `assess --listeners`."""


@command.command(
    "import", epilog="Example: sekisho listeners import i-0123456789abcdef0.txt --output-file listeners.json"
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--instance", metavar="ID", help="The instance that the one FILE is of, where its name does not say.")
@click.option(
    "--snapshot", type=click.Path(path_type=Path), help="Where the instances of the addresses that nmap saw are found."
)
@click.option("--output-file", type=click.Path(path_type=Path), help="Write the inventory there, not to stdout.")
def import_(files: tuple[Path, ...], instance: str | None, snapshot: Path | None, output_file: Path | None) -> int:
    """Read what ss, netstat, lsof, osquery or nmap saved; each FILE is named by its instance, as in i-0123.txt.

    FILE may be a directory of such files, or `-` for stdin. nmap's XML needs no name, but the snapshot.
    """
    from sekisho.collect.inventory import Told, encoded  # noqa: PLC0415 - imported when the command runs

    if instance and (len(files) > 1 or files[0].is_dir()):
        raise click.UsageError("--instance is for one FILE")
    holders = _holders(snapshot) if snapshot else {}
    inventory: dict[str, Told] = {}
    for file in _each(files):
        for name, found in _instances(file, instance, holders, known=snapshot is not None):
            before = inventory.get(name, Told("healthy")).sockets
            inventory[name] = Told("healthy", tuple(dict.fromkeys((*before, *found))))
    if not inventory:
        raise QueryError("none of the hosts that nmap saw has an address of an instance in the snapshot")
    data = encoded(inventory)
    if output_file:
        output_file.parent.mkdir(parents=True, exist_ok=True)
        output_file.write_bytes(data)
    else:
        click.echo(data, nl=False)
    return DONE


def _each(files: tuple[Path, ...]) -> Iterator[Path]:
    for file in files:
        if file.is_dir():
            found = sorted(one for one in file.iterdir() if one.is_file() and not one.name.startswith("."))
            if not found:
                raise SnapshotError(f"{file}: there is no file in it")
            yield from found
        else:
            yield file


def _instances(
    file: Path, instance: str | None, holders: Mapping[str, str], *, known: bool
) -> "Iterator[tuple[str, tuple[Listener, ...]]]":
    """Whose sockets the file lists, and which."""
    read = _read(file)
    named = instance or file.name.partition(".")[0]
    if read.form != "nmap" or (instance and len(read.hosts) == 1):
        if not _INSTANCE.fullmatch(named):
            raise QueryError(f"{file}: its name is not that of an instance, as in i-0123.txt; give --instance")
        yield named, read.sockets or tuple(s for host in read.hosts for s in host.sockets)
        return
    if not known:
        raise QueryError(f"{file}: nmap names addresses; give --snapshot, or --instance for a scan of one host")
    for host in read.hosts:
        for holder in dict.fromkeys(holders[a] for a in host.addresses if a in holders):
            yield holder, host.sockets


def _read(file: Path) -> "Read":
    from sekisho.collect.sockets import LARGEST, read  # noqa: PLC0415

    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise SnapshotError(f"{file}: there is no such file") from None
    if len(data) > LARGEST:
        raise SnapshotError(f"{file}: it is larger than {LARGEST} bytes; split it")
    try:
        # PowerShell writes UTF-16.
        text = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", "strict")
    except UnicodeDecodeError:
        # Windows' netstat writes the code page of its language; what is read of it is ASCII.
        text = data.decode("latin-1")
    try:
        return read(text)
    except QueryError as error:
        raise QueryError(f"{file}: {error}") from None


def _holders(snapshot: Path) -> dict[str, str]:
    """The instance that holds each address, private or public; none where two hold it."""
    from sekisho.load import load  # noqa: PLC0415

    found: dict[str, set[str]] = {}
    for interface in load(snapshot).interfaces.values():
        holder = interface.instance_id
        if holder:
            for held in interface.addresses:
                for address in (held.private_ip_address, held.association.public_ip if held.association else None):
                    if address:
                        found.setdefault(address, set()).add(holder)
            for six in interface.ipv6_addresses:
                found.setdefault(six.ipv6_address, set()).add(holder)
    return {address: next(iter(names)) for address, names in found.items() if len(names) == 1}
