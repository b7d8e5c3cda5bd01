"""`sekisho iam-policy`: the permissions that `collect` needs, and no more."""

import json

import click

from sekisho.cli.main import DONE


@click.command("iam-policy", epilog="Example: sekisho iam-policy > policy.json")
@click.option(
    "--organization", is_flag=True, help="Also what `collect --organization` needs in the account it starts in."
)
@click.option(
    "--listeners", is_flag=True, help="Also what `collect --listeners` needs: it runs a command on instances."
)
def command(*, organization: bool, listeners: bool) -> int:
    """Print the IAM policy that `sekisho collect` needs in an account: exactly the calls that it makes."""
    from sekisho.collect.policy import policy  # noqa: PLC0415 - imported when the command runs

    click.echo(json.dumps(policy(organization=organization, listeners=listeners), indent=2))
    return DONE
