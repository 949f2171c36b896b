"""The program: its commands, and how what they end with becomes a line and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from .. import __version__
from .._runtime.errors import ClientError
from .access import NoTokenError
from .failure import FAILED, INTERRUPTED, WRONG_USAGE, Failure, failure_of
from .machine import complain, is_for_machine
from .session import session
from .streams import UnwrittenError
from .upload import upload

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["program", "run"]

_NAME = "box-uploads"
_VARIABLE = "_BOX_UPLOADS_COMPLETE"
# The control character keeps click from making a paragraph of the lines.
_COMPLETION = """Print the script that completes commands and options in a shell.

\b
bash   eval "$(box-uploads completion bash)"   in ~/.bashrc
zsh    eval "$(box-uploads completion zsh)"    in ~/.zshrc, below:
       autoload -Uz compinit && compinit
fish   box-uploads completion fish | source    in ~/.config/fish/config.fish
"""


@click.group(
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage (nothing was sent), 130 interrupted (the same command"
    " goes on, but for --no-resume).",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=_NAME, message="%(prog)s %(version)s")
def program() -> None:
    """Upload large files to Box, in parts: several at a time, each verified, and resumable.

    The token comes from BOX_ACCESS_TOKEN or from the file of --token-file, never from an argument.
    """


@click.command(help=_COMPLETION, short_help="Print the script of a shell that completes options.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands and options in a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} cannot be completed")
    click.echo(found(program, {}, _NAME, _VARIABLE).source())


program.add_command(upload)
program.add_command(session)
program.add_command(completion)


def run(arguments: Sequence[str]) -> int:
    """Run the program, and return its exit code, which is one of those that its help tells."""
    try:
        return _ran(arguments, as_json=is_for_machine(arguments))
    except UnwrittenError as error:
        return complain(failure_of(error), as_json=False)


def _ran(arguments: Sequence[str], *, as_json: bool) -> int:
    try:
        code = program.main(list(arguments), prog_name=_NAME, complete_var=_VARIABLE, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except click.UsageError as error:
        return complain(_wrong_usage(error), as_json=as_json)
    except click.Abort:
        return complain(Failure(message="", exit_code=INTERRUPTED), as_json=as_json)
    except (ClientError, OSError) as error:
        return complain(failure_of(error), as_json=as_json)
    return code if isinstance(code, int) else FAILED if code else 0


def _wrong_usage(error: click.UsageError) -> Failure:
    # Some messages have lines and columns of their own.
    message = " ".join(error.format_message().split())
    path = _NAME if error.ctx is None else error.ctx.command_path
    hint = f"{path} --help tells more"
    if isinstance(error, NoTokenError) or (isinstance(error, click.NoSuchOption) and error.option_name == "--token"):
        hint = "set BOX_ACCESS_TOKEN, or name a file that holds one: --token-file; an argument could be seen by others"
    return Failure(
        message=message, hints=(hint,), exit_code=WRONG_USAGE, error={"type": "UsageError", "message": message}
    )
