#!/usr/bin/env python3
"""What read, write and mixed efficiency a shared-everything system on cloud VMs gives over the range of its parameters.

    cargo build --release && benches/efficiency/range.py [--check] [PROGRAM]

Runs scenarios/storage-cloud-v1.toml with one figure changed at a time, writes the tables between the markers of
docs/background/storage-efficiency.md and the charts beside it. Nothing here is fitted: the scenario's own figures
stay, but for those that a table names. With --check nothing is written, and a page that is not current is an error.
"""
import concurrent.futures
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "benches", "performance"))
import chart  # noqa: E402
from pages import filled, kpis as kpis_of, table, write  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "background", "storage-efficiency.md")
CHARTS = os.path.join(ROOT, "docs", "background", "charts")
SCENARIO = os.path.join(ROOT, "scenarios", "storage-cloud-v1.toml")
SYSTEM = "storage.cloud-v1"

NODES = [2, 4, 8, 16, 64, 400]
COPIES = [1, 4 / 3, 1.5, 2]
REDUCTIONS = [1, 2, 3]
READ_SHARES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99]
# The table of the scenario: its own system has 64 nodes.
USUAL_NODES = 64
FEW, MANY = 8, 400


def simulate(program, nodes, copies=None, reduction=None, read_share=None):
    """KPIs of one variant, as name → mean; clients grow with the nodes, so that the system is what binds."""
    changes = {f"{SYSTEM}.nodes": nodes, "work.*.clients": max(4 * nodes, 16)}
    if copies is not None:
        changes[f"{SYSTEM}.buffer_copies"] = f'"{copies:.6f}"'
    if reduction is not None:
        changes[f"{SYSTEM}.reduction"] = f'"{reduction}"'
    if read_share is not None:
        # Where few bytes are written the buffer takes long to fill, and only the steady state counts.
        changes |= {"work.mix.read_share": f'"{read_share} %"', "horizon": '"72 h"', "work.mix.ends": '"72 h"'}
    return kpis_of(program, SCENARIO, changes)


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def of(kpis, measure):
    return kpis.get(f"{SYSTEM}.{measure}")


def write_table(run):
    """Steady write efficiency over buffer copies, reduction and nodes."""
    keys = [(c, r, n) for c in COPIES for r in REDUCTIONS for n in NODES]
    seen = dict(zip(keys, run([dict(nodes=n, copies=c, reduction=r) for c, r, n in keys])))
    rows = [
        [f"{c:.2f}", f"{r}:1", *(percent(of(seen[c, r, n], "write_efficiency")) for n in NODES)]
        for c in COPIES
        for r in REDUCTIONS
    ]
    return table(["copies", "reduction", *(f"{n} nodes" for n in NODES)], rows)


def few_and_many(run):
    """The scenario as it is, on 8 and on 400 nodes."""
    seen = run([dict(nodes=n) for n in (FEW, MANY)])
    rows = [
        [words, *(percent(of(kpis, measure)) for kpis in seen)]
        for words, measure in [
            ("read", "read_efficiency"),
            ("write, steady", "write_efficiency"),
            ("write, burst", "write_efficiency_burst"),
            ("70 % read, 30 % write", "mixed_efficiency"),
            ("read, of line rate", "read_efficiency_of_line_rate"),
            ("write, steady, of line rate", "write_efficiency_of_line_rate"),
        ]
    ]
    return table(["efficiency", f"{FEW} nodes", f"{MANY} nodes"], rows)


def against_nodes(run):
    measures = {"read": "read_efficiency", "write, burst": "write_efficiency_burst", "write, steady": "write_efficiency"}
    seen = run([dict(nodes=n) for n in NODES])
    series = {
        name: [(n, 100 * of(k, m)) for n, k in zip(NODES, seen) if of(k, m) is not None] for name, m in measures.items()
    }
    return chart.lines("Efficiency against nodes", "nodes", "% of theoretical rate", series, beside=True)


def against_share(run):
    """Delivered rate of a mix of its theoretical rate, with pure writes and reads at the ends."""
    seen = run([dict(nodes=USUAL_NODES, read_share=s) for s in READ_SHARES])
    of_theory = [(s, 100 * of(k, "mixed_efficiency")) for s, k in zip(READ_SHARES, seen)]
    of_line = [
        (s, 100 * of(k, "mixed_efficiency") * of(k, "theoretical_mixed_rate") / of(k, "line_rate"))
        for s, k in zip(READ_SHARES, seen)
    ]
    pure = (of(seen[0], "write_efficiency"), of(seen[0], "read_efficiency"))
    ends = [(0, 100 * pure[0]), (100, 100 * pure[1])]
    series = {"of the theoretical rate of the mix": [ends[0], *of_theory, ends[1]], "of the line rate": of_line}
    return chart.lines(
        f"Mixed efficiency against read share, {USUAL_NODES} nodes", "% of the bytes read", "%", series, log=False, beside=True
    )


def main():
    check = "--check" in sys.argv
    programs = [word for word in sys.argv[1:] if word != "--check"]
    program = programs[0] if programs else os.path.join(ROOT, "target", "release", "apollo")

    def run(variants):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda variant: simulate(program, **variant), variants))

    files = {PAGE: filled(PAGE, {"write": write_table(run), "nodes": few_and_many(run)})}
    for name, make in {"efficiency-nodes": against_nodes, "efficiency-read-share": against_share}.items():
        files[os.path.join(CHARTS, f"{name}.svg")] = make(run)
    write(files, "benches/efficiency/range.py", check)


if __name__ == "__main__":
    main()
