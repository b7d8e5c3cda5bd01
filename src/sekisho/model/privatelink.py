"""The provider's side of PrivateLink: endpoint services, who is connected to them, who may connect."""

from .record import Record, Tag


class EndpointService(Record, frozen=True, kw_only=True):
    """An endpoint service of the provider's side."""

    service_id: str
    service_name: str | None = None
    service_state: str | None = None
    acceptance_required: bool = True
    network_load_balancer_arns: tuple[str, ...] = ()
    gateway_load_balancer_arns: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()


class EndpointConnection(Record, frozen=True, kw_only=True):
    """An endpoint that is, or asks to be, connected to a service of ours."""

    vpc_endpoint_id: str
    service_id: str
    vpc_endpoint_owner: str | None = None
    vpc_endpoint_state: str | None = None

    @property
    def available(self) -> bool:
        return (self.vpc_endpoint_state or "").lower() == "available"


class Principal(Record, frozen=True, kw_only=True):
    principal: str


class AllowedPrincipals(Record, frozen=True, kw_only=True):
    """All principals that may connect to one endpoint service."""

    service_id: str
    principals: tuple[Principal, ...] = ()
    complete: bool = True
