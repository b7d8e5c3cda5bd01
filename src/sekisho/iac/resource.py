"""One declared resource as translators see it: arguments by the names that Terraform's aws provider gives them."""

from typing import Any, Protocol

from sekisho.model.record import Scope

from .values import Declared


class Resource(Protocol):
    """A resource whose arguments are known, or Unknown with what they refer to."""

    @property
    def type(self) -> str: ...

    @property
    def noun(self) -> str:
        """The type as its author writes it."""
        ...

    @property
    def address(self) -> str: ...

    @property
    def id(self) -> str:
        """Its id in AWS, or a symbolic one of the same form."""
        ...

    @property
    def scope(self) -> Scope: ...

    @property
    def declared(self) -> Declared: ...

    @property
    def managed(self) -> bool:
        """Whether it is declared here, and not only looked up."""
        ...

    def get(self, attribute: str) -> Any:  # noqa: ANN401 - a value of the declaration
        """The argument, None where it is not given; nested blocks are lists of objects."""
        ...
