"""An endpoint on loopback that speaks as AWS does: answers are written from botocore's own description of each service.

It says what it is told to say, with faults: errors, throttling, slow and cut connections. It checks no signature.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.model import OperationModel, ServiceModel
from botocore.session import Session

SERVICES = (
    *("cloudfront", "directconnect", "ec2", "elb", "elbv2", "globalaccelerator", "network-firewall", "networkmanager"),
    *("organizations", "ssm", "sts", "vpc-lattice"),
)
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


class Request(NamedTuple):
    """What was asked, and the how-manieth time it was asked so. `key` is the access key that signed it."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    key: str
    region: str
    time: int = 1

    @property
    def call(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def token(self) -> str:
        return next((str(self.parameters[t]) for t in ("NextToken", "nextToken", "Marker") if t in self.parameters), "")


class Fault(NamedTuple):
    """An error in place of an answer: AWS's own, or (`cut`) half an answer and a closed connection; after `delay`."""

    code: str = "InternalFailure"
    message: str = "said by the endpoint"
    status: int = 400
    cut: bool = False
    delay: float = 0


Answers = Callable[[Request], dict[str, Any] | Fault]


class Endpoint(NamedTuple):
    url: str
    requests: list[Request]


@contextmanager
def serving(answers: Answers) -> Iterator[Endpoint]:
    """The endpoint while the block runs, and what it was asked."""
    requests: list[Request] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            with lock:
                asked = _request(self.command, self.path, self.headers, body)
                before = sum(r[:5] == asked[:5] for r in requests)
                asked = asked._replace(time=before + 1)
                requests.append(asked)
            reply = answers(asked)
            operation = service_model(asked.service).operation_model(asked.operation)
            try:
                self._send(operation, reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = handle_one  # noqa: N815

        def _send(self, operation: OperationModel, reply: dict[str, Any] | Fault) -> None:
            if isinstance(reply, Fault):
                time.sleep(reply.delay)
            if isinstance(reply, Fault) and not reply.cut:
                status, text = reply.status, _error(operation, reply)
            else:
                status, text = 200, serialised(operation, {} if isinstance(reply, Fault) else reply)
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("x-amzn-RequestId", f"request-{len(requests)}")
            if isinstance(reply, Fault):
                self.send_header("x-amzn-errortype", reply.code)
            self.end_headers()
            self.close_connection = isinstance(reply, Fault) and reply.cut
            self.wfile.write(data[: len(data) // 2] if self.close_connection else data)

        def log_message(self, *_: object) -> None:
            """Nothing: the suite's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Endpoint(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def _session() -> Session:
    return Session()


@cache
def service_model(service: str) -> ServiceModel:
    return _session().get_service_model(service)


# What was asked --------------------------------------------------------------------------------------------


def _request(method: str, path: str, headers: Any, body: bytes) -> Request:
    scope = _SCOPE.search(headers.get("Authorization") or "")
    key, region, signed = scope.groups() if scope else ("", "", "sts")
    url = urlsplit(path)
    if target := headers.get("X-Amz-Target"):
        prefix, _, operation = target.rpartition(".")
        service = next(s for s in SERVICES if service_model(s).metadata.get("targetPrefix") == prefix)
        return Request(service, operation, json.loads(body or b"{}"), key, region)
    form = dict(parse_qsl(body.decode())) if b"Action=" in body else None
    if form is not None:
        version = form.pop("Version")
        service = next(
            s for s in SERVICES if _signing_name(s) == signed and service_model(s).metadata["apiVersion"] == version
        )
        return Request(service, form.pop("Action"), form, key, region)
    service = next(s for s in SERVICES if _signing_name(s) == signed)
    for name in service_model(service).operation_names:
        http = service_model(service).operation_model(name).http
        template, _, _ = http["requestUri"].partition("?")
        found = re.fullmatch(re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", template), url.path)
        if found and http["method"] == method:
            named = {k: unquote(v) for k, v in found.groupdict().items()}
            return Request(service, name, named | dict(parse_qsl(url.query)), key, region)
    raise AssertionError(f"{method} {path} is no operation of {service}")


def _signing_name(service: str) -> str:
    return str(service_model(service).signing_name)


# What is answered ------------------------------------------------------------------------------------------


def serialised(operation: OperationModel, answer: Mapping[str, Any]) -> str:
    """The answer as the operation's protocol writes it."""
    protocol, shape = operation.service_model.metadata["protocol"], operation.output_shape
    assert shape is not None
    assert set(answer) <= set(shape.members), set(answer) - set(shape.members)
    if protocol in {"json", "rest-json"}:
        return json.dumps(_json(shape, answer))
    name = operation.name
    if protocol == "ec2":
        return f"<{name}Response><requestId>r-1</requestId>{_members(shape, answer)}</{name}Response>"
    if protocol == "query":
        inner = f"<{name}Result>{_members(shape, answer)}</{name}Result>"
        return (
            f"<{name}Response>{inner}<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{name}Response>"
        )
    payload = str(shape.serialization.get("payload"))
    return f"<{payload}>{_members(shape.members[payload], answer[payload])}</{payload}>"


def _members(shape: Any, value: Mapping[str, Any]) -> str:
    return "".join(
        _element(shape.members[key].serialization.get("name", key), shape.members[key], inner)
        for key, inner in value.items()
        if key in shape.members
    )


def _element(name: str, shape: Any, value: Any) -> str:
    if shape.type_name == "structure":
        return f"<{name}>{_members(shape, value)}</{name}>"
    if shape.type_name == "list":
        if shape.serialization.get("flattened"):
            return "".join(_element(name, shape.member, one) for one in value)
        inner = shape.member.serialization.get("name", "member")
        return f"<{name}>{''.join(_element(inner, shape.member, one) for one in value)}</{name}>"
    return f"<{name}>{escape(_scalar(value))}</{name}>"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _json(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        return {
            shape.members[key].serialization.get("name", key): _json(shape.members[key], inner)
            for key, inner in value.items()
            if key in shape.members
        }
    if shape.type_name == "list":
        return [_json(shape.member, one) for one in value]
    return value.timestamp() if isinstance(value, datetime) else value


def _error(operation: OperationModel, fault: Fault) -> str:
    protocol = operation.service_model.metadata["protocol"]
    inner = f"<Code>{fault.code}</Code><Message>{escape(fault.message)}</Message>"
    if protocol == "ec2":
        return f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>r-1</RequestID></Response>"
    if protocol in {"query", "rest-xml"}:
        return f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>r-1</RequestId></ErrorResponse>"
    return json.dumps({"__type": fault.code, "message": fault.message})
