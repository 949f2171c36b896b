"""The program: its commands, and the exit codes and messages of their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from .. import __version__
from .._runtime.errors import ClientError
from .failure import FAILED, INTERRUPTED, USAGE_ERROR, Failure, failure_from
from .json_output import report_failure, wants_json
from .login import login, logout
from .session import session
from .sign_in import SignInUsageError
from .streams import OutputError
from .upload import upload
from .whoami import whoami

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["program", "run"]

_NAME = "box-uploads"
_VARIABLE = "_BOX_UPLOADS_COMPLETE"
_SECRETS = {
    "--token": "set BOX_ACCESS_TOKEN, or name a file with --token-file",
    "--client-secret": "set BOX_CLIENT_SECRET, or leave it out to be asked for it",
}
# The backspace character (\b) keeps click from rewrapping the lines below it.
_COMPLETION = """Print the script by which a shell completes commands and options.

\b
bash   eval "$(box-uploads completion bash)"   in ~/.bashrc
zsh    eval "$(box-uploads completion zsh)"    in ~/.zshrc, below:
       autoload -Uz compinit && compinit
fish   box-uploads completion fish | source    in ~/.config/fish/config.fish
"""


@click.group(
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage (nothing was sent), 130 interrupted (the same command"
    " resumes, except with --no-resume).",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=_NAME, message="%(prog)s %(version)s")
def program() -> None:
    """Upload files of any size to Box: large ones in parallel parts, all verified and resumable.

    A command signs in by --token-file, --config or --profile; else by the environment: BOX_ACCESS_TOKEN, or
    BOX_CLIENT_ID and BOX_CLIENT_SECRET with BOX_ENTERPRISE_ID or BOX_USER_ID; else by the default profile, which
    the command login saves. No secret is ever an argument, which other users could see.
    """


@click.command(help=_COMPLETION, short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script by which a shell completes commands and options."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} has no completion")
    click.echo(found(program, {}, _NAME, _VARIABLE).source())


program.add_command(upload)
program.add_command(session)
program.add_command(login)
program.add_command(logout)
program.add_command(whoami)
program.add_command(completion)


def run(arguments: Sequence[str]) -> int:
    """Run the program, and return its exit code, as listed in its help."""
    try:
        return _run(arguments, as_json=wants_json(arguments))
    except OutputError as error:
        return report_failure(failure_from(error), as_json=False)


def _run(arguments: Sequence[str], *, as_json: bool) -> int:
    try:
        code = program.main(list(arguments), prog_name=_NAME, complete_var=_VARIABLE, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE_ERROR
    except click.UsageError as error:
        return report_failure(_usage_failure(error), as_json=as_json)
    except click.Abort:
        return report_failure(Failure(message="", exit_code=INTERRUPTED), as_json=as_json)
    except (ClientError, OSError) as error:
        return report_failure(failure_from(error), as_json=as_json)
    return code if isinstance(code, int) else FAILED if code else 0


def _usage_failure(error: click.UsageError) -> Failure:
    # Some messages of click span several lines.
    message = " ".join(error.format_message().split())
    path = _NAME if error.ctx is None else error.ctx.command_path
    hint = f"see `{path} --help`"
    if isinstance(error, SignInUsageError):
        hint = error.hint
    elif isinstance(error, click.NoSuchOption) and error.option_name in _SECRETS:
        hint = f"{_SECRETS[error.option_name]}; other users could see it in an argument"
    return Failure(
        message=message, hints=(hint,), exit_code=USAGE_ERROR, error={"type": "UsageError", "message": message}
    )
