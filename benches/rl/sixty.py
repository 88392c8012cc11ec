#!/usr/bin/env python3
"""What link capacity, publish strategy and fan-out close the loop of scenarios/rl-60s.toml in 60 seconds.

    cargo build --release && benches/rl/sixty.py [--check] [PROGRAM]

Runs the scenario with one capacity, one strategy and one fan-out at a time, writes the tables between the markers of
docs/background/rl-sixty-seconds.md and the charts beside it. With --check nothing is written, and a page that is not
current is an error.
"""
import concurrent.futures
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "benches", "performance"))
import chart  # noqa: E402
from pages import filled, kpis as kpis_of, table, write  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "background", "rl-sixty-seconds.md")
CHART = os.path.join(ROOT, "docs", "background", "charts", "rl-sixty-seconds.svg")
CHART_FULL = os.path.join(ROOT, "docs", "background", "charts", "rl-sixty-seconds-full.svg")
SCENARIO = os.path.join(ROOT, "scenarios", "rl-60s.toml")

CAPACITIES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8]  # Tb/s of each link
LINKS = ["phx-dal", "dal-ric", "phx-ric"]
WEIGHTS = "work.online.weights"
STRATEGIES = {
    "delta": {f"{WEIGHTS}.publish": '"delta"'},
    "delta while it is built": {f"{WEIGHTS}.publish": '"delta"', f"{WEIGHTS}.overlap": "true"},
    "full": {f"{WEIGHTS}.publish": '"full"'},
}
FAN_OUTS = {
    "one copy per site": {f"{WEIGHTS}.fan_out": '"tree"'},
    "one copy, sites pass it on": {f"{WEIGHTS}.fan_out": '"tree"', f"{WEIGHTS}.across": '"relay"'},
    "one copy per site, engines as peers": {f"{WEIGHTS}.fan_out": '"peer"'},
    "store, one copy per site": {f"{WEIGHTS}.fan_out": '"tree"', f"{WEIGHTS}.store": '"weights"'},
    "one copy per node": {f"{WEIGHTS}.fan_out": '"per-node"'},
    "store, one copy per node": {f"{WEIGHTS}.fan_out": '"per-node"', f"{WEIGHTS}.store": '"weights"'},
    "one copy per engine": {f"{WEIGHTS}.fan_out": '"per-engine"'},
    "store, one copy per engine": {f"{WEIGHTS}.fan_out": '"per-engine"', f"{WEIGHTS}.store": '"weights"'},
}
USUAL = 1.6


def simulate(program, capacity, strategy, fan_out):
    """KPIs of one variant, as name → mean."""
    changes = {f"link.{link}.capacity": f'"{capacity} Tbps"' for link in LINKS}
    changes |= STRATEGIES[strategy] | FAN_OUTS[fan_out]
    return kpis_of(program, SCENARIO, changes)


def of(kpis, measure):
    return kpis.get(f"rl.online.{measure}")


def percent(value):
    return "–" if value is None else f"{100 * value:.0f} %"


def seconds(value):
    if value is None:
        return "–"
    return f"{value:.1f} s" if value < 600 else f"{value / 60:.0f} min"


def tbps(capacity):
    return f"{capacity:g} Tb/s" if capacity >= 1 else f"{1000 * capacity:g} Gb/s"


def on_time(seen):
    rows = [
        [strategy, fan_out, *(percent(of(seen[c, strategy, fan_out], "on_time.fraction")) for c in CAPACITIES)]
        for strategy in STRATEGIES
        for fan_out in FAN_OUTS
    ]
    return table(["weights", "way", *map(tbps, CAPACITIES)], rows)


def phases(seen):
    """Mean phases and tails at the usual capacity."""
    measures = ["transfer", "batch_wait", "step", "publish", "swap"]
    rows = []
    for strategy in STRATEGIES:
        for fan_out in FAN_OUTS:
            kpis = seen[USUAL, strategy, fan_out]
            values = [of(kpis, f"feedback_time.{m}") for m in measures]
            tail = [of(kpis, f"feedback_time.{q}") for q in ("p50", "p95", "p99")]
            rows.append([strategy, fan_out, *map(seconds, values), *map(seconds, tail)])
    return table(["weights", "way", *measures, "p50", "p95", "p99"], rows)


def drawn(seen, strategy, title, fan_outs, beside):
    """A chart of one strategy. Ways that coincide with one of these, or with zero, are in the table."""
    series = {
        fan_out: [(1000 * c, 100 * (of(seen[c, strategy, fan_out], "on_time.fraction") or 0.0)) for c in CAPACITIES]
        for fan_out in fan_outs
    }
    return chart.lines(title, "Gb/s of each link", "%", series, beside=beside)


def charts(seen):
    site, node, engine = "one copy per site", "one copy per node", "one copy per engine"
    deltas = drawn(seen, "delta", "Deltas: trajectories fed back within 60 s", [site, node, engine], "end")
    peers, chain = "one copy per site, engines as peers", "one copy, sites pass it on"
    full = drawn(seen, "full", "Full weights: trajectories fed back within 60 s", [peers, site, chain], False)
    return {CHART: deltas, CHART_FULL: full}


def main():
    check = "--check" in sys.argv
    programs = [word for word in sys.argv[1:] if word != "--check"]
    program = programs[0] if programs else os.path.join(ROOT, "target", "release", "apollo")
    keys = [(c, s, f) for c in CAPACITIES for s in STRATEGIES for f in FAN_OUTS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seen = dict(zip(keys, pool.map(lambda key: simulate(program, *key), keys)))
    tables = {"on-time": on_time(seen), "phases": phases(seen)}
    write({PAGE: filled(PAGE, tables)} | charts(seen), "benches/rl/sixty.py", check)


if __name__ == "__main__":
    main()
