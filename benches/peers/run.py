#!/usr/bin/env python3
"""Builds the drivers of other simulators, runs the same workloads on them and on Apollo, checks the answers, and prints a table.

    benches/peers/run.py [--reference DIR] [--rounds N]

Needs cargo; for SimGrid also a C++ compiler and Debian's libsimgrid-dev. A peer that cannot be built is left out, and said so.
DIR holds the networks and traces of the reference workloads (net/, traces/, make_traces.py); without it, workloads of the same
kinds are generated. The programs take turns for N rounds (default 3), and the table shows medians.
"""
import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILT = os.path.join(ROOT, "target", "peers")

# Name, arguments of the bench `kernel`, arguments of the drivers.
KERNEL = [
    ("W1 PHOLD, 1e3 processes", "--workload phold --lps 1000 --until 10000", "phold 1000 10000"),
    ("W1 PHOLD, 1e5 processes", "--workload phold --lps 100000 --until 100", "phold 100000 100"),
    ("W2 M/M/1", "--workload mmc --servers 1 --customers 1000000", "mmc 1 1000000"),
    ("W2 M/M/50", "--workload mmc --servers 50 --customers 1000000", "mmc 50 1000000"),
]
# Name, network and trace of the reference, what is generated where there is none, the way of SimGrid that is fastest on it, and rounds at most.
FLUID = [
    ("W3, 2,000 flows", "w3", "w3_2k", "flows=2000,load=0.7", "Lazy", 9),
    ("W3, 20,000 flows", "w3", "w3_20k", "flows=20000,load=0.7", "Lazy", 9),
    ("W3b, 2,000 at once", "w3", "w3b_2k", "flows=2000", "Full", 9),
    ("W3b, 10,000 at once", "w3", "w3b_10k", "flows=10000", "Full", 1),
    ("W4, 1,000 on a link", "w4", "w4_1k", "sites=2,neighbours=1,pairs=1,flows=1000", "Full", 9),
]


def lines(command, **more):
    """The JSON lines that a command prints, by workload."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def bench(name, arguments):
    """Ours and the plain loop."""
    return lines(["cargo", "bench", "--locked", "--quiet", "--bench", name, "--", *arguments, "--baseline"])


def build():
    """The drivers that can be built here."""
    peers = {}
    for name in ("simcore", "nexosim"):
        command = ["cargo", "build", "--locked", "--release", "--quiet"]
        environment = dict(os.environ, CARGO_TARGET_DIR=BUILT)
        if subprocess.run(command, cwd=os.path.join(HERE, name), env=environment).returncode == 0:
            peers[name] = os.path.join(BUILT, "release", f"peer-{name}")
    os.makedirs(BUILT, exist_ok=True)
    compiler = shutil.which("c++") or shutil.which("g++")
    source, program = os.path.join(HERE, "simgrid", "fluid.cpp"), os.path.join(BUILT, "peer-simgrid")
    if compiler and subprocess.run([compiler, "-O2", "-std=c++17", "-o", program, source, "-lsimgrid"]).returncode == 0:
        peers["simgrid"] = program
    for name in ("simcore", "nexosim", "simgrid"):
        if name not in peers:
            print(f"left out: {name} cannot be built here", file=sys.stderr)
    return peers


def agreement(mine, other, peer):
    """How the answers of two kernels compare; ends the program if they differ by more than the clock explains."""
    if mine["workload"] == "phold":
        if mine["answer"] == other["answer"] and mine["work"] == other["work"]:
            return "checksum"
        if peer == "nexosim" and abs(mine["work"] - other["work"]) <= 10:
            return f"{other['work'] - mine['work']:+d} events"
    elif abs(float(mine["answer"]) / float(other["answer"]) - 1) <= 1e-6:
        return "mean wait"
    sys.exit(f"{peer} gives another answer: {mine} {other}")


def finish_times(path):
    with open(path, newline="") as file:
        return [float(row["finish_s"]) for row in csv.DictReader(file)]


def largest_difference(trace, mine, other):
    """Of a flow's duration, relative to it, beyond 10 ns."""
    with open(trace, newline="") as file:
        arrivals = [float(row["arrival_s"]) for row in csv.DictReader(file)]
    pairs = zip(arrivals, finish_times(mine), finish_times(other), strict=True)
    return max(max(abs(x - y) - 1e-8, 0.0) / (y - at) for at, x, y in pairs)


def kernel_rows(peers, rounds):
    for name, ours, theirs in KERNEL:
        names = [peer for peer in ("simcore", "nexosim") if peer in peers]
        measured, agreed = [], {}
        for _ in range(rounds):
            mine, plain = bench("kernel", ours.split())
            others = {peer: lines([peers[peer], *theirs.split()])[0] for peer in names}
            agreed = {peer: agreement(mine, other, peer) for peer, other in others.items()}
            measured.append((mine, plain, others))
        for peer in names:
            yield row(name, measured, peer, agreed[peer])


def fluid_rows(peers, rounds, reference, folder):
    if "simgrid" not in peers:
        return
    for name, net, trace, spec, way, most in FLUID:
        if reference:
            networks, traces = os.path.join(folder, "net"), os.path.join(folder, "traces")
            files = [f"{networks}/{net}_links.csv", f"{networks}/{net}_routes.csv", f"{traces}/{trace}.csv"]
        else:
            target = os.path.join(folder, trace)
            subprocess.run(["cargo", "bench", "--locked", "--quiet", "--bench", "fluid", "--", "--generate", spec,
                            "--write", target], cwd=ROOT, check=True)
            files = [f"{target}/{part}.csv" for part in ("links", "routes", "trace")]
        measured = []
        mine_out, other_out = os.path.join(folder, "mine.csv"), os.path.join(folder, "other.csv")
        arguments = ["--links", files[0], "--routes", files[1], "--trace", files[2], "--finish", mine_out]
        for _ in range(min(rounds, most)):
            mine, plain = bench("fluid", arguments)
            settings = ["--log=root.thres:warning", f"--cfg=network/optim:{way}"]
            other = lines([peers["simgrid"], *files, other_out, *settings])[0]
            measured.append((mine, plain, {"simgrid": other}))
        worst = largest_difference(files[2], mine_out, other_out)
        if worst > 1e-9:
            sys.exit(f"{name}: a duration differs from SimGrid's by {worst:.1e}")
        yield row(name, measured, "simgrid", f"durations within {max(worst, 1e-9):.0e}")


def row(name, measured, peer, agreed):
    mine = statistics.median(ours["per_cpu_s"] for ours, _, _ in measured)
    theirs = statistics.median(others[peer]["per_cpu_s"] for _, _, others in measured)
    to_plain = statistics.median(ours["per_cpu_s"] / plain["per_cpu_s"] for ours, plain, _ in measured)
    to_peer = statistics.median(ours["per_cpu_s"] / others[peer]["per_cpu_s"] for ours, _, others in measured)
    return name, peer, thousands(theirs), thousands(mine), f"{to_peer:.1f} ×", f"{to_plain:.1f} ×", agreed


def thousands(rate):
    return f"{rate / 1e6:.2f} M" if rate >= 1e6 else f"{rate / 1e3:.2f} k"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", help="folder with net/, traces/ and make_traces.py")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    peers = build()
    print("| workload | peer | peer, work/s | Apollo, work/s | Apollo ÷ peer | Apollo ÷ plain loop | same answer |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        if arguments.reference:
            script = os.path.join(arguments.reference, "make_traces.py")
            subprocess.run([sys.executable, script, f"{folder}/net", f"{folder}/traces"], check=True, capture_output=True)
        for rows in (kernel_rows(peers, arguments.rounds), fluid_rows(peers, arguments.rounds, arguments.reference, folder)):
            for cells in rows:
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
