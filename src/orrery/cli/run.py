"""``orrery run``: an app file on the command line, with no server and no database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly
from orrery.errors import InvalidParam


@click.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--input", "-i", "inputs", multiple=True, metavar="NAME=VALUE",
              help="An input of the start form; may be given more than once. NAME:=JSON gives numbers, objects, lists.")  # fmt: skip
@click.option("--query", "-q", default=None, help="The message to a chat app.")
@click.option("--model-endpoint", envvar="ORRERY_MODEL_ENDPOINT", default=None, metavar="URL",
              help="OpenAI-compatible endpoint for every model of the app, e.g. http://localhost:11434/v1.")  # fmt: skip
@click.option("--model-key", envvar="ORRERY_MODEL_KEY", default="", help="Key of that endpoint.")
@click.option("--model", default=None, help="Model to use instead of those that the app names.")
@click.option("--json", "as_json", is_flag=True, help="Print the outputs as one JSON object and nothing else.")
@click.option("--verbose", "-v", is_flag=True, help="Print each node as it starts and ends, on standard error.")
def run(
    file: Path,
    inputs: tuple[str, ...],
    query: str | None,
    model_endpoint: str | None,
    model_key: str,
    model: str | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Run an app file and stream its answer to the terminal.

    Models are called with the credentials in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, ...), or all of them
    at --model-endpoint. The exit code is 0 when the run succeeded, 1 when it failed, 2 for wrong arguments.
    """
    with failing_clearly():
        # Lazy: the help of this command need not load the engine.
        from orrery.cli.offline import OfflineOptions, run_file

        options = OfflineOptions(
            file=file,
            inputs=inputs,
            query=query,
            endpoint=model_endpoint,
            key=model_key,
            model=model,
            as_json=as_json,
            verbose=verbose,
        )
        try:
            code = asyncio.run(run_file(options))
        except InvalidParam as error:
            raise click.UsageError(error.message) from error
        raise SystemExit(code)
