"""The command `python -m localemu up`: starts the platform, prints how to reach it, runs until it is stopped. The Makefile calls it."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from localemu.config import ConfigError


def main(arguments: list[str]) -> int:
    """Run a verb. The exit code: 0 when stopped by a signal, 2 when it could not start."""
    options = _parser().parse_args(arguments)
    if options.verb == "translate":
        from localemu.translate.alone import serve

        return serve(options.port, _say)
    from localemu import up

    chosen = up.Options(options.state, options.port_base, options.config, options.time_scale)
    code = 0
    try:
        asyncio.run(up.run(chosen, os.environ, _say))
    except* ConfigError as group:
        print(f"localemu: {_first(group)}", file=sys.stderr, flush=True)
        code = 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localemu", description="Cloud Storage, BigQuery and functions on this machine."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="start the platform and run until Ctrl-C; the state stays")
    up.add_argument(
        "--state", type=Path, default=Path(".localemu"), help="folder of everything it keeps (default: .localemu)"
    )
    up.add_argument("--port-base", type=_port, default=9000, help="first port; the others follow (default: 9000)")
    up.add_argument(
        "--config", type=Path, default=Path("functions/local.yaml"), help="what to run (default: functions/local.yaml)"
    )
    up.add_argument(
        "--time-scale", type=_scale, default=0.05, help="retry delays are multiplied by this (default: 0.05)"
    )
    alone = verbs.add_parser("translate", help="run the translation endpoint alone, until its standard input ends")
    alone.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any that is free)")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65000:
        raise argparse.ArgumentTypeError("a port from 1024 to 65000")
    return int(text)


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0001 <= value <= 100:
        raise argparse.ArgumentTypeError("a number from 0.0001 to 100")
    return value


def _first(group: BaseExceptionGroup[ConfigError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Threads of a query or an upload under way are not waited for: whatever was acknowledged is on disk already.
    os._exit(code)
