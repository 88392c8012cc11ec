#!/usr/bin/env python3
"""Measures the failure study of a network of the Topology Zoo with demand between every two sites.

  zoo.py APOLLO NETWORK.graphml [--gbps 2] [--capacity "1 Tbps"] [--what-if links] [--out DIR]

Every two sites send `--gbps` each way; the network has to be joined. Without works, the study lays demand over the network at its peak, for each failure. Prints
wall time and processor time of three runs for each rule of routing: nothing fails and no demand stands (reading, charts), with demand (routes, one
hour of simulation, maximum concurrent flow), and with the study. `--out` keeps the results of the last, with the map.
"""
import argparse
import csv
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

PLAN = """format = 1
horizon = "1 h"
replications = 1
[wan]
failures = false
[topology]
graphml = "{network}"
default_capacity = "{capacity}"
default_length = "300 km"
"""


def timed(command):
    """Wall seconds and processor seconds of a command that must run."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(done.stderr)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sites(out):
    """Names that the program gives to the sites."""
    with open(out / "kpis.csv", newline="") as rows:
        names = [row["name"] for row in csv.DictReader(rows)]
    return [name[len("site.") : -len(".power")] for name in names if name.startswith("site.") and name.endswith(".power")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apollo")
    parser.add_argument("network", type=pathlib.Path)
    parser.add_argument("--gbps", type=float, default=2.0)
    parser.add_argument("--capacity", default="1 Tbps")
    parser.add_argument("--what-if", default="links")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    apollo = str(pathlib.Path(args.apollo).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bare, full = folder / "bare.toml", folder / "full.toml"
        text = PLAN.format(network=args.network.resolve(), capacity=args.capacity)
        bare.write_text(text)
        run = [apollo, "run", "--quiet"]
        wall, used = timed([*run, bare, "--out", folder / "bare"])
        print(f"no demand: {wall:.2f} s, {used:.2f} s of processor time")
        every = sites(folder / "bare")
        with open(folder / "matrix.csv", "w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["src", "dst", "gbps"])
            rows.writerows((a, b, args.gbps) for a in every for b in every if a != b)
        full.write_text(text + '[demand.all]\nmatrix = "matrix.csv"\n')
        print(f"{len(every)} sites, {len(every) * (len(every) - 1)} demands")
        for rule in ["shortest", "ecmp"]:
            out = (args.out or folder) / rule
            plan = [full, "--set", f'wan.routing="{rule}"']
            for word, more in [("demand", []), ("demand and study", ["--what-if", args.what_if])]:
                wall, used = timed([*run, *plan, *more, "--out", out])
                print(f"{rule}, {word}: {wall:.2f} s, {used:.2f} s of processor time")
            study = json.loads((out / "summary.json").read_text())["what_if"]
            worst = max(study, key=lambda row: row["worst_utilisation"])
            cut = sum(row["unserved"] > 0 for row in study)
            print(
                f"{rule}: {len(study)} failures, the worst is {worst['failed']}: {worst['worst_link']} at "
                f"{worst['worst_utilisation']:.1%}; {cut} leave demand unserved"
            )


if __name__ == "__main__":
    main()
