"""``python -m tests.unit.workflow.simulated --count 10000``: many interleavings, with progress."""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback

from .agreement import check_seed

PER_GRAPH = 4


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="interleavings, 4 of each graph")
    parser.add_argument("--seed", type=int, default=0, help="the first graph's number")
    parser.add_argument("--most", type=int, default=5, help="disagreements to show before giving up")
    options = parser.parse_args()
    graphs = max(options.count // PER_GRAPH, 1)
    began, wrong = time.perf_counter(), 0
    for number in range(graphs):
        try:
            await check_seed(options.seed + number, PER_GRAPH)
        except Exception as error:
            wrong += 1
            print(f"seed {options.seed + number}: {error or traceback.format_exc()}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            if wrong >= options.most:
                break
        if number % 250 == 249:
            print(
                f"{(number + 1) * PER_GRAPH} interleavings, {wrong} graphs disagree, {time.perf_counter() - began:.0f} s",
                flush=True,
            )
    print(f"{graphs} graphs, {graphs * PER_GRAPH} interleavings and as many resumed runs: {wrong} disagree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
