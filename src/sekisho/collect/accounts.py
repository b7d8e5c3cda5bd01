"""Whose answers are collected: credentials, identities, the accounts of an organisation, the Regions of each."""

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sekisho.errors import AwsError, QueryError, ResourceError

from .ask import Error, failed, now
from .calls import HOME_REGIONS

_REGION = re.compile(r"[a-z]{2,8}(?:-[a-z]{1,20}){1,3}-\d{1,2}")
_ROLE = re.compile(r"[\w+=,.@/-]{1,512}", re.ASCII)
_MOST_ACCOUNTS = 50_000
_SESSION_NAME = "sekisho-collect"


class Connection(NamedTuple):
    """How AWS is reached; boto3 looks for credentials where it always does."""

    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    endpoint_url: str | None = None
    regions: tuple[str, ...] = ()
    all_regions: bool = False
    organization: bool = False
    role_name: str = "OrganizationAccountAccessRole"
    attempts: int = 10
    connect_timeout: float = 10
    read_timeout: float = 60


class Account:
    """One account: who asks it, and its clients. One that cannot be asked has a `refusal`."""

    def __init__(self, id_: str, arn: str, session: Any, connection: Connection, refusal: Error | None = None) -> None:  # noqa: ANN401
        self.id, self.arn, self.refusal = id_, arn, refusal
        self._session, self._connection = session, connection
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:  # noqa: ANN401  a client of any service
        """A client of the service; made in the thread that asks first, which must be the main one."""
        region = HOME_REGIONS.get(service, region)
        if (service, region) not in self._clients:
            self._clients[service, region] = _client(self._session, service, region, self._connection)
        return self._clients[service, region]

    def secrets(self) -> tuple[str, ...]:
        """What must never be written: the credentials in use, as they are now."""
        import botocore.exceptions  # noqa: PLC0415

        credentials = self._session.get_credentials()
        if credentials is None:
            return ()
        try:
            now_in_use = credentials.get_frozen_credentials()
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return ()  # they cannot be renewed, so none are in use
        return tuple(filter(None, (now_in_use.secret_key, now_in_use.token, now_in_use.access_key)))


def check(connection: Connection) -> None:
    """QueryError where a Region or a name of a role cannot be one."""
    for region in connection.regions:
        if not _REGION.fullmatch(region):
            raise QueryError(f"`{region}` is no Region: write it as in ap-northeast-1")
    if connection.external_id and not connection.role_arn:
        raise QueryError("--external-id is for --role-arn: give the role too")
    if not _ROLE.fullmatch(connection.role_name):
        raise QueryError(f"`{connection.role_name}` is no name of a role")


def accounts(connection: Connection) -> Iterator[Account]:
    """The account of the credentials, then with `organization` the others. AwsError where AWS cannot be asked."""
    _boto3()
    import botocore.exceptions  # noqa: PLC0415

    try:
        session = _session(connection)
        own = _identified(session, connection)
        yield own
        if connection.organization:
            yield from _members(own, session, connection)
    except botocore.exceptions.ClientError as error:
        told = error.response.get("Error", {})
        raise _unreachable(str(told.get("Code")), str(told.get("Message"))) from None
    except botocore.exceptions.BotoCoreError as error:
        raise _unreachable(type(error).__name__, str(error)) from None
    except ValueError as error:  # an endpoint that is no URL
        raise QueryError(f"AWS cannot be asked: {error}") from None


def regions_of(account: Account, connection: Connection, default: str | None) -> tuple[str, ...]:
    """The Regions to ask: those that were named, or all that are enabled for the account."""
    import botocore.exceptions  # noqa: PLC0415

    if not connection.all_regions or account.refusal:
        return connection.regions or ((default,) if default else ())
    try:
        answer = account.client("ec2", default or "us-east-1").describe_regions()
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        told = failed(type(error).__name__, str(error), now(), account.secrets()).error
        raise AwsError(f"the Regions of {account.id} cannot be listed: {told.message if told else ''}") from None
    return tuple(sorted(str(region["RegionName"]) for region in answer.get("Regions", ())))


def default_region(connection: Connection) -> str | None:
    """The Region that the profile or the environment names."""
    boto3 = _boto3()
    import botocore.exceptions  # noqa: PLC0415

    try:
        region: str | None = boto3.Session(profile_name=connection.profile).region_name
    except botocore.exceptions.BotoCoreError as error:
        raise _unreachable(type(error).__name__, str(error)) from None
    return region


def _boto3() -> Any:  # noqa: ANN401  the module
    try:
        import boto3  # noqa: PLC0415
    except ImportError:
        raise ResourceError("collecting needs boto3: install it with `pip install 'sekisho[aws]'`") from None
    return boto3


def _session(connection: Connection) -> Any:  # noqa: ANN401  a boto3 session
    base = _boto3().Session(profile_name=connection.profile, region_name=_first_region(connection))
    if not connection.role_arn:
        return base
    extra = {"ExternalId": connection.external_id} if connection.external_id else {}
    return _assumed(base, connection.role_arn, extra, connection)


def _first_region(connection: Connection) -> str | None:
    return connection.regions[0] if connection.regions else None


def _assumed(base: Any, role_arn: str, extra: dict[str, str], connection: Connection) -> Any:  # noqa: ANN401
    """A session of the role. Its credentials are fetched when they are used and renewed before they expire."""
    import botocore.session  # noqa: PLC0415
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials  # noqa: PLC0415

    def sts(service: str, **options: Any) -> Any:  # noqa: ANN401
        return base._session.create_client(  # noqa: SLF001  a fetcher gives credentials of its own, which boto3's takes not
            service,
            **{"endpoint_url": connection.endpoint_url, "region_name": base.region_name or "us-east-1"} | options,
        )

    source = base.get_credentials()
    if source is None:
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415

        raise NoCredentialsError
    arguments = {"RoleSessionName": _SESSION_NAME, **extra}
    fetcher = AssumeRoleCredentialFetcher(sts, source, role_arn, extra_args=arguments)
    inner = botocore.session.Session()
    inner._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]  # noqa: SLF001  the one way there is
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
    return _boto3().Session(botocore_session=inner, region_name=base.region_name)


def _client(session: Any, service: str, region: str, connection: Connection) -> Any:  # noqa: ANN401
    from botocore.config import Config  # noqa: PLC0415

    # Who sets AWS_MAX_ATTEMPTS knows better.
    known = "AWS_MAX_ATTEMPTS" in os.environ
    config = Config(
        retries={"mode": "standard"} if known else {"mode": "standard", "max_attempts": connection.attempts},
        connect_timeout=connection.connect_timeout,
        read_timeout=connection.read_timeout,
        max_pool_connections=16,
        user_agent_extra="sekisho",
    )
    return session.client(service, region_name=region, endpoint_url=connection.endpoint_url, config=config)


def _identified(session: Any, connection: Connection) -> Account:  # noqa: ANN401
    who = _client(session, "sts", session.region_name or "us-east-1", connection).get_caller_identity()
    return Account(str(who["Account"]), str(who["Arn"]), session, connection)


def _members(own: Account, session: Any, connection: Connection) -> Iterator[Account]:  # noqa: ANN401
    """The organisation's other active accounts, each by its role; one that refuses us is there with its refusal."""
    import botocore.exceptions  # noqa: PLC0415

    partition = own.arn.split(":")[1]
    listed = _client(session, "organizations", session.region_name or "us-east-1", connection)
    pages = listed.get_paginator("list_accounts").paginate(PaginationConfig={"MaxItems": _MOST_ACCOUNTS})
    for account in (a for page in pages for a in page["Accounts"]):
        number = str(account["Id"])
        if number == own.id or account.get("State", account.get("Status")) != "ACTIVE":
            continue
        role = f"arn:{partition}:iam::{number}:role/{connection.role_name}"
        assumed = _assumed(session, role, {}, connection)
        try:
            yield _identified(assumed, connection)
        except botocore.exceptions.ClientError as error:
            told = error.response.get("Error", {})
            refusal = failed(str(told.get("Code")), str(told.get("Message")), now(), own.secrets()).error
            yield Account(number, role, session, connection, refusal)
        except botocore.exceptions.BotoCoreError as error:
            refusal = failed(type(error).__name__, str(error), now(), own.secrets()).error
            yield Account(number, role, session, connection, refusal)


def _unreachable(code: str, message: str) -> AwsError:
    told = failed(code, message, now()).error
    return AwsError(f"AWS cannot be asked: {told.message if told else message} ({code})")
