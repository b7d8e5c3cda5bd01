"""Where a snapshot is, as it is written on the command line."""

from typing import Any

import click


class SnapshotPlace(click.Path):
    """A path, or an address such as `s3://bucket/snapshot.zip`, which stays as it is written."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        return value if isinstance(value, str) and "://" in value else super().convert(value, param, ctx)
