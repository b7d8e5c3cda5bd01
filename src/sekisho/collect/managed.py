"""What listens on instances that Systems Manager manages. This runs a command on them: no other call does anything."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sekisho.errors import AwsError, QueryError

from . import sockets
from .accounts import Account
from .ask import failed, now
from .inventory import Told

#: As many instances as one command may have.
_AT_ONCE = 50
_MOST_INSTANCES = 100_000
#: Systems Manager keeps as much of what a command prints, and says so no further.
_LONGEST_OUTPUT = 24_000
_COMMAND_SECONDS = 60
_RUNNING = {"Pending", "InProgress", "Delayed", "Cancelling"}
_POSIX = "ss -H -lntup 2>/dev/null || netstat -lntup 2>/dev/null || lsof -nP -i"
_COMMANDS = {
    "Linux": ("AWS-RunShellScript", _POSIX),
    "MacOS": ("AWS-RunShellScript", "lsof -nP -iTCP -sTCP:LISTEN; lsof -nP -iUDP"),
    "Windows": ("AWS-RunPowerShellScript", "netstat -ano"),
}


class _Sent(NamedTuple):
    """A command that was sent to some instances."""

    id: str
    instances: tuple[str, ...]


def listening(account: Account, region: str, pause: float = 2.0, wait: float = 300.0) -> Iterator[tuple[str, Told]]:
    """Each managed instance with its sockets, or with why it has told nothing. Nothing of what is not managed."""
    import botocore.exceptions  # noqa: PLC0415  an extra

    client = account.client("ssm", region)
    try:
        online: dict[str, list[str]] = {}
        for instance in _managed(client):
            name, platform = str(instance["InstanceId"]), str(instance.get("PlatformType", ""))
            if instance.get("PingStatus") == "Online" and platform in _COMMANDS:
                online.setdefault(platform, []).append(name)
            else:
                yield name, Told("unhealthy", why=f"its agent is {instance.get('PingStatus') or 'not known'}")
        for sent in [s for platform, names in sorted(online.items()) for s in _send(client, platform, names)]:
            deadline = time.monotonic() + wait
            for name in sent.instances:
                yield name, _told(client, sent.id, name, pause, deadline)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        told = failed(type(error).__name__, str(error), now(), account.secrets()).error
        raise AwsError(told.message if told else str(error)) from None


def _managed(client: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  a client of ssm
    pages = client.get_paginator("describe_instance_information").paginate()
    instances = (one for page in pages for one in page.get("InstanceInformationList", ()))
    # Machines elsewhere (mi-) have no interface here.
    return (one for one in islice(instances, _MOST_INSTANCES) if str(one.get("InstanceId", "")).startswith("i-"))


def _send(client: Any, platform: str, names: Sequence[str]) -> Iterator[_Sent]:  # noqa: ANN401
    document, command = _COMMANDS[platform]
    for start in range(0, len(names), _AT_ONCE):
        some = tuple(names[start : start + _AT_ONCE])
        answer = client.send_command(
            InstanceIds=list(some),
            DocumentName=document,
            Parameters={"commands": [command]},
            TimeoutSeconds=_COMMAND_SECONDS,
            Comment="sekisho: lists listening sockets",
        )
        yield _Sent(str(answer["Command"]["CommandId"]), some)


def _told(client: Any, command: str, name: str, pause: float, deadline: float) -> Told:  # noqa: ANN401
    while True:
        try:
            answer = client.get_command_invocation(CommandId=command, InstanceId=name)
        except client.exceptions.InvocationDoesNotExist:
            answer = {"Status": "Pending"}  # it takes a moment until it is known
        if answer["Status"] not in _RUNNING:
            return _understood(answer)
        if time.monotonic() >= deadline:
            return Told("unhealthy", why="the command has not ended")
        time.sleep(pause)


def _understood(answer: dict[str, Any]) -> Told:
    output = str(answer.get("StandardOutputContent", ""))
    if answer["Status"] != "Success":
        return Told("unhealthy", why=f"the command ended with {answer.get('StatusDetails') or answer['Status']}")
    if len(output) >= _LONGEST_OUTPUT:
        return Told("unhealthy", why=f"it listed more than {_LONGEST_OUTPUT} characters, and the rest is not kept")
    if not output.strip():
        return Told("healthy")
    try:
        return Told("healthy", sockets.read(output).sockets)
    except QueryError as error:
        return Told("unhealthy", why=str(error))
