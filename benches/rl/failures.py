#!/usr/bin/env python3
"""What failures inside the loop of scenarios/rl-60s.toml do to lag and on-time share.

    cargo build --release && benches/rl/failures.py [--check] [PROGRAM]

Runs a day of the scenario with one kind of failure at a time and writes the table between the markers of
docs/background/rl-sixty-seconds.md. With --check nothing is written, and a page that is not current is an error.
"""
import concurrent.futures
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "benches", "performance"))
from pages import filled, kpis as kpis_of, table, write  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "background", "rl-sixty-seconds.md")
SCENARIO = os.path.join(ROOT, "scenarios", "rl-60s.toml")
WITH_STORE = os.path.join(ROOT, "benches", "rl", "store-outage.toml")

TRAINER, GENERATORS = ["phoenix"], ["dallas", "richmond"]
LINKS = ["phx-dal", "dal-ric", "phx-ric"]
LOOP = "work.online"
CALM = {"horizon": '"24 h"', "wan.failures": "false"}
CALM |= {f"fleet.{fleet}.failures": "false" for fleet in TRAINER + GENERATORS}


def failing(fleets, **keys):
    """Failures in fleets; `keys` replaces figures of theirs."""
    changes = {f"fleet.{fleet}.failures": "true" for fleet in fleets}
    return changes | {f"fleet.{fleet}.{key}": f'"{value}"' for fleet in fleets for key, value in keys.items()}


def cut(*links, **wan):
    """Links that are cut together, every four hours for ten minutes; `wan` replaces keys of the network."""
    changes = {"wan.failures": "true"} | {f"link.{link}.failures": "false" for link in LINKS}
    for link in links:
        keys = {"failures": "true", "wave_failures": '"0 /1000km-year"', "mtbf": '"4 h"', "cut_repair": '"10 min"'}
        changes |= {f"link.{link}.{key}": value for key, value in keys.items()}
    return changes | {f"wan.{key}": f'"{value}"' for key, value in wan.items()}


def lost():
    """The site of the object store is lost every four hours for ten minutes."""
    return cut() | {"site.store.outage": '{ mtbf = "4 h", repair = "10 min" }'}


def checkpoint(every):
    return {f"{LOOP}.checkpoint": f'{{ storage = "weights", every = "{every}" }}'}


def controller(delay, outage=False):
    """A controller that is late, and down every four hours for ten minutes."""
    down = ', outage = { mtbf = "4 h", repair = "10 min" }' if outage else ""
    return {f"{LOOP}.controller": f'{{ delay = "{delay}"{down} }}'}


# Name → changes.
VARIANTS = {
    "nothing fails": {},
    "engines as the catalogue says": failing(GENERATORS),
    "engines ten times as often": failing(GENERATORS, failure_rate_per_8_gpus="0.035 /day"),
    "trainer, nothing to restore": failing(TRAINER),
    "trainer, checkpoint every 10 min": failing(TRAINER) | checkpoint("10 min"),
    "trainer, checkpoint every hour": failing(TRAINER) | checkpoint("1 h"),
    "trainer, every 10 min, replaced after 30 min": failing(TRAINER, replacement="30 min") | checkpoint("10 min"),
    "Phoenix-Dallas cut, rerouted": cut("phx-dal"),
    "the same, new routes after 1 min": cut("phx-dal", reconvergence="1 min"),
    "both links of Phoenix cut": cut("phx-dal", "phx-ric"),
    "the same, deltas given up after 20 s": cut("phx-dal", "phx-ric") | {f"{LOOP}.weights.timeout": '"20 s"'},
    "the controller is 1 s late": controller("1 s"),
    "the controller is 5 s late": controller("5 s"),
    "the controller is down": controller("0 s", outage=True),
}
# The same through a store at a site of its own.
STORED = {
    "deltas through a store, nothing fails": {},
    "the store lost": lost(),
    "the same, deltas given up after 20 s": lost() | {f"{LOOP}.weights.timeout": '"20 s"'},
}

RUNS = [(name, SCENARIO, changes) for name, changes in VARIANTS.items()]
RUNS += [(name, WITH_STORE, changes) for name, changes in STORED.items()]


def simulate(program, scenario, changes):
    """KPIs of the loop, as measure → mean."""
    seen = kpis_of(program, scenario, CALM | changes)
    return {name.removeprefix("rl.online."): value for name, value in seen.items()}


def seconds(value):
    return "–" if value is None else f"{value:.0f} s" if value < 600 else f"{value / 60:.0f} min"


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def row(variant, kpis):
    times = [seconds(kpis[f"feedback_time.{stat}"]) for stat in ("p50", "p95", "p99", "max")]
    lag = [f"{kpis['lag']:.1f}", f"{kpis['lag.max']:.0f}"]
    return [
        variant,
        percent(kpis["on_time.fraction"]),
        *times,
        *lag,
        percent(kpis["trainer_down"]),
        percent(kpis["generator_idle"]),
        f"{kpis['steps']:.0f}",
    ]


HEAD = ["what fails", "on time", "p50", "p95", "p99", "max", "lag", "lag max", "trainer down", "generators idle", "steps"]


def main():
    check = "--check" in sys.argv
    programs = [word for word in sys.argv[1:] if word != "--check"]
    program = programs[0] if programs else os.path.join(ROOT, "target", "release", "apollo")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda run: simulate(program, *run[1:]), RUNS))
    rows = [row(run[0], kpis) for run, kpis in zip(RUNS, seen)]
    write({PAGE: filled(PAGE, {"failures": table(HEAD, rows)})}, "benches/rl/failures.py", check)


if __name__ == "__main__":
    main()
