#!/usr/bin/env python3
"""What whole runs cost, and where their time goes.

    benches/performance/whole.py PROGRAM [OTHER]     processor seconds of runs; with another program, of both in turn, and the ratio
    benches/performance/whole.py --profile PROGRAM   share of each part of the program, by perf, of the innermost function

Every run is of one thread and is measured three times, or once where it takes more than 20 s; the least counts.
"""

import collections
import os
import re
import subprocess
import sys
import tempfile

SCENARIOS = ["quickstart", "falcon", "rl-60s", "rl-continuous", "hydrate", "storage-choice", "storage-cloud-v1"]
PROFILED = ["quickstart", "falcon", "rl-60s", "hydrate", "storage-choice"]
ROUNDS = 3
PARTS = [
    ("trajectories and steps (`model::rl`)", r"apollo_sim::model::rl"),
    ("event kernel (`engine`)", r"apollo_sim::engine"),
    ("fair sharing (`fluid`)", r"apollo_sim::fluid"),
    ("links, storage, fleets, series (`model`)", r"apollo_sim::model"),
    ("samples and histograms (`stats`, hdrhistogram)", r"apollo_sim::stats|hdrhistogram"),
    ("draws (rand_distr, libm)", r"libm::|rand|__ieee754|\blog\b|\bexp\b"),
    ("charts and files (`report`, plotters, png)", r"apollo_sim::report|plotters|png::|miniz|ab_glyph|ttf_parser|crc32|adler|parquet|sha2"),
    ("scenario, assembly, aggregation", r"apollo_sim::"),
    ("sorting, allocation, copying", r"core::slice|alloc|malloc|free|mem|_int_"),
]


def used(program, scenario, out):
    """Processor seconds."""
    command = [program, "run", f"scenarios/{scenario}.toml", "--quiet", "--threads", "1", "--out", out]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 3):
        sys.exit(f"{command} ended with {status}")
    return usage.ru_utime + usage.ru_stime


def compare(programs, folder):
    heads = ["scenario", *(["before", "after", "before ÷ after"] if len(programs) == 2 else ["processor seconds"])]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for scenario in SCENARIOS:
        best = [float("inf")] * len(programs)
        for turn in range(ROUNDS):
            if turn and max(best) > 20:
                break
            for at, program in enumerate(programs):
                best[at] = min(best[at], used(program, scenario, f"{folder}/{at}"))
        cells = [f"`{scenario}`", *(f"{seconds:.2f} s" for seconds in best)]
        print(f"| {' | '.join(cells + ([f'{best[0] / best[1]:.2f} ×'] if len(best) == 2 else []))} |", flush=True)


def profile(program, folder):
    shares = {}
    for scenario in PROFILED:
        data = f"{folder}/perf.data"
        command = [program, "run", f"scenarios/{scenario}.toml", "--quiet", "--threads", "1", "--out", f"{folder}/out"]
        subprocess.run(["perf", "record", "-q", "-F", "499", "-o", data, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        text = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-children", "-F", "overhead,sym"], capture_output=True, text=True, check=False).stdout
        found = collections.Counter()
        for line in text.splitlines():
            row = re.match(r"\s*([0-9.]+)%\s+\[[.k]\]\s+(.*)", line)
            if row:
                part = next((name for name, pattern in PARTS if re.search(pattern, row[2])), "the rest, with the kernel")
                found[part] += float(row[1])
        shares[scenario] = found
    print(f"| part | {' | '.join(f'`{name}`' for name in shares)} |\n|{'---|' * (len(shares) + 1)}")
    for part in [*(name for name, _ in PARTS), "the rest, with the kernel"]:
        print(f"| {part} | {' | '.join(f'{found[part]:.0f} %' for found in shares.values())} |")


def main():
    words = sys.argv[1:]
    profiled = words[:1] == ["--profile"]
    programs = [os.path.abspath(word) for word in words[profiled:]]
    if len(programs) not in (1, 2):
        sys.exit(__doc__)
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    with tempfile.TemporaryDirectory() as folder:
        profile(programs[0], folder) if profiled else compare(programs, folder)


main()
