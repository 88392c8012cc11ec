#!/usr/bin/env python3
"""What a sweep costs beside its runs: processor seconds, elapsed time on one and two threads, peak memory.

    benches/sweep/measure.py target/release/apollo [CELLS [SCENARIO ADDRESS FROM TO]]

The scenario is the smallest there is (one copy over one link) unless one is given. Every cell is also what one `apollo run`
would give; of these, 100 spread over the axis are run alone, and the mean of their processor seconds times the number of
cells is the sum of the runs. (`apollo run` also draws five charts, which a cell does not.)
"""

import os
import subprocess
import sys
import tempfile
import time

TINY = """format = 1
title = "Tiny"
horizon = "10 min"
replications = 2
[site.a]
[site.b]
[link.ab]
between = ["a", "b"]
capacity = "100 Gbps"
rtt = "20 ms"
[storage.from]
site = "a"
system = "azure-blob"
capacity = "1 PB"
[storage.to]
site = "b"
system = "azure-blob"
capacity = "1 PB"
[work.move]
kind = "copy"
from = "from"
to = "to"
bytes = "1 GB"
[target.time]
kpi = "transfer.move.time"
at_most = "60 s"
"""


def run(*command):
    """Elapsed seconds, processor seconds, peak memory in MiB."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 3):
        sys.exit(f"{command} ended with {status}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    apollo = os.path.abspath(sys.argv[1])
    cells = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 3:
            scenario, address, low, high = os.path.abspath(sys.argv[3]), *sys.argv[4:7]
        else:
            scenario, address, low, high = f"{folder}/tiny.toml", "link.ab.rtt", "1 ms", "101 ms"
            with open(scenario, "w") as file:
                file.write(TINY)
        os.chdir(folder)

        def sweep(out, count, threads):
            axis = f'{address}={{ from = "{low}", to = "{high}", steps = {count} }}'
            return run(apollo, "sweep", scenario, "--axis", axis, "--quiet", "--out", out, "--threads", str(threads))

        one, two = sweep("one", cells, 1), sweep("two", cells, 2)
        few = sweep("few", max(cells // 10, 2), 1)
        again = sweep("one", cells, 1)
        for name in ("results.csv", "results.parquet"):
            with open(f"one/{name}", "rb") as a, open(f"two/{name}", "rb") as b:
                assert a.read() == b.read(), name
        with open("one/plan.csv") as plan:
            rows = [line.rstrip("\n").split(",") for line in plan][1:]
        sample = rows[:: max(len(rows) // 100, 1)]
        alone = [run(apollo, "run", scenario, "--set", f"{address}={row[1]}", "--quiet", "--out", "run", "--threads", "1") for row in sample]
        each = sum(used for _, used, _ in alone) / len(alone)
        print(f"cells {cells}")
        print(f"one thread: {one[0]:.1f} s, {one[1]:.1f} processor seconds, {1e3 * one[1] / cells:.2f} ms a cell, {one[2]:.0f} MiB")
        print(f"two threads: {two[0]:.1f} s, {two[1]:.1f} processor seconds, {one[0] / two[0]:.2f} times as fast, {two[2]:.0f} MiB")
        print(f"a tenth of the cells: {few[1]:.1f} processor seconds, {few[2]:.0f} MiB")
        print(f"the same again, nothing to do: {again[0]:.1f} s, {again[1]:.1f} processor seconds")
        print(f"a run alone: {1e3 * each:.2f} ms; the sweep is {one[1] / (each * cells):.2f} of the sum of its runs")


main()
