"""Pages of the documentation that a tool makes: runs of the program, tables between markers, and whether a page is current."""
import json
import os
import re
import subprocess
import tempfile


def kpis(program, scenario, changes):
    """KPIs of a scenario with values changed, as name → mean. `changes` holds address → value as it is written in a file."""
    command = [program, "run", scenario, "--format", "json", "--quiet"]
    for address, value in changes.items():
        command += ["--set", f"{address}={value}"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*command, "--out", os.path.join(folder, "out")], capture_output=True, text=True)
    # A target that fails ends with 1, one that is undecided with 3: here variants are looked at, not judged.
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return {row["name"]: row["mean"] for row in json.loads(done.stdout)["kpis"]}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def filled(path, tables):
    """The text of the page at `path` with every table between its markers."""
    with open(path) as file:
        page = file.read()
    for name, made in tables.items():
        marked = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not marked.search(page):
            raise SystemExit(f"{path} has no place for {name}")
        page = marked.sub(lambda found: f"{found[1]}{made}\n{found[2]}", page)
    return page


def write(files, tool, check):
    """Writes those of `files` (path → text) that are not as they should be; with `check` they are an error."""
    stale = [path for path, text in files.items() if not same(path, text)]
    if check and stale:
        raise SystemExit(f"not what the program gives now (run {tool}):\n  " + "\n  ".join(stale))
    for path in stale:
        with open(path, "w") as file:
            file.write(files[path])


def same(path, text):
    if not os.path.exists(path):
        return False
    with open(path) as file:
        return file.read() == text
