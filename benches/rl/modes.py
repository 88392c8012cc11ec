#!/usr/bin/env python3
"""What the modes of scenarios/rl-sync-vs-async.toml come to.

    cargo build --release && benches/rl/modes.py [--check] [PROGRAM]

Runs the scenario in one mode at a time and writes the table between the markers of docs/background/rl-modes.md. With --check nothing
is written, and a page that is not current is an error.
"""
import concurrent.futures
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "benches", "performance"))
from pages import filled, kpis as kpis_of, table, write  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "background", "rl-modes.md")
SCENARIO = os.path.join(ROOT, "scenarios", "rl-sync-vs-async.toml")

LOOP = "work.online"
MEASURED = 6000.0  # seconds of the scenario that are measured
UPDATES = ["in-flight", "drain", "abort-and-resume"]
MODES = ["synchronous", "one-step-off", "steps-off", "asynchronous"]


def more(leftover, **keys):
    return {"over_generation": '"25 %"', "leftover": f'"{leftover}"'} | keys


# Name → mode and further keys of the work; all with weights in flight.
OTHERS = {
    "synchronous, 25 % more, dropped": ("synchronous", more("drop")),
    "synchronous, 25 % more, kept": ("synchronous", more("keep", max_lag="4")),
    "one-step-off, 25 % more, dropped": ("one-step-off", more("drop")),
    "asynchronous, max_lag 8": ("asynchronous", {"max_lag": "8"}),
    "asynchronous, verl's rule": ("asynchronous", {"admission": '"sync"'}),
    "asynchronous, verl's rule, 2 steps a sync": ("asynchronous", {"admission": '"sync"', "weights.sync_every": "2"}),
}
ROWS = [(mode, update, mode, {}) for mode in MODES for update in UPDATES]
ROWS += [(name, "in-flight", mode, keys) for name, (mode, keys) in OTHERS.items()]

HEAD = [
    "mode",
    "new weights",
    "s a step",
    "feedback mean",
    "p95",
    "within 60 s",
    "generators idle",
    "tokens for nothing",
    "of several versions",
    "lag",
]

SHARES = ["on_time.fraction", "generator_idle", "wasted_tokens.fraction", "mixed_versions.fraction"]


def percent(value):
    return "–" if value is None else f"{100 * value:.0f} %"


def row(program, name, update, mode, keys):
    changes = {f"{LOOP}.{key}": value for key, value in keys.items()}
    changes |= {f"{LOOP}.mode": f'"{mode}"', f"{LOOP}.weights.update": f'"{update}"'}
    seen = kpis_of(program, SCENARIO, changes)

    def of(measure):
        return seen[f"rl.online.{measure}"]

    return [
        name,
        update,
        f"{MEASURED / of('steps'):.1f}",
        f"{of('feedback_time'):.0f} s",
        f"{of('feedback_time.p95'):.0f} s",
        *map(percent, map(of, SHARES)),
        f"{of('lag'):.2f}",
    ]


def main():
    check = "--check" in sys.argv
    programs = [word for word in sys.argv[1:] if word != "--check"]
    program = programs[0] if programs else os.path.join(ROOT, "target", "release", "apollo")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda one: row(program, *one), ROWS))
    write({PAGE: filled(PAGE, {"modes": table(HEAD, rows)})}, "benches/rl/modes.py", check)


if __name__ == "__main__":
    main()
