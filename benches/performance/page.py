"""Writes the tables between the markers of docs/background/performance.md, and its charts, from what was measured."""
import os
import re

import chart

PAGE = os.path.join("docs", "background", "performance.md")
CHARTS = os.path.join("docs", "background", "charts")


def write(root, measured):
    """Tables of parts that were not measured stay as they are."""
    path = os.path.join(root, PAGE)
    with open(path) as file:
        text = file.read()
    for name, make in TABLES.items():
        part = name.split("-")[0]
        if measured.get(part) is None:
            continue
        marked = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not marked.search(text):
            raise SystemExit(f"{PAGE} has no place for {name}")
        table = make(measured[part])
        text = marked.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)
    with open(path, "w") as file:
        file.write(text)
    if measured.get("growth") is not None:
        os.makedirs(os.path.join(root, CHARTS), exist_ok=True)
        for name, svg in charts(measured["growth"]):
            with open(os.path.join(root, CHARTS, f"{name}.svg"), "w") as file:
                file.write(svg)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def rate(value):
    return f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value / 1e3:.0f} k"


def times(ratio):
    return f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:.1f} ×"


def goals(which):
    def of(rows):
        def line(row):
            cells = [row["name"], rate(row["rate"]), times(row["ratio"]), *judged(row)]
            keyed = times(row["keyed"]) if row["keyed"] else "–"
            return [*cells, keyed if which == "kernel" else row["fallbacks"]]

        unit = {"kernel": "events or customers", "fluid": "flows"}[which]
        head = ["workload", f"{unit} / CPU s", "÷ plain loop", "goal", "reached"]
        last = {"kernel": "÷ loop with keys", "fluid": "fallbacks"}[which]
        return table([*head, last], [line(row) for row in rows if row["bench"] == which])

    return of


def judged(row):
    """Goal and verdict. A goal above 1,000 is a rate, others are ratios."""
    if not row["goal"]:
        return ["–", "–"]
    goal, least = row["goal"]
    have, form = (row["rate"], lambda value: f"{rate(value)}/s") if goal > 1000 else (row["ratio"], times)
    verdict = "yes" if have >= goal else "above the least" if have >= least else "**no**"
    return [form(goal) if least == goal else f"{form(goal)}, at least {form(least)}", verdict]


def exactness(rows):
    return table(["workload", "compared", "largest relative difference"],
                 [[row["name"], row["kind"], "none beyond 10 ns" if row["worst"] == 0 else f"{row['worst']:.1e}"] for row in rows])


def memory(rows):
    lines = []
    for row in rows:
        if row["what"] == "flow":
            lines.append([f"{row['flows']:,} flows in {row['classes']:,} class{'es' if row['classes'] > 1 else ''}",
                          f"{row['bytes_per_flow']:.0f} B", "64 B"])
        else:
            lines.append([f"{row['pending']:,} pending events of {row['size']} bytes", f"{row['bytes_each']:.0f} B",
                          "48 B" if row["size"] == 4 else f"{row['size'] + 32} B"])
    return table(["what", "bytes each", "goal, at most"], lines)


def falcon(measured):
    names = [name for name in ("before", "now") if name in measured]
    facts = [
        ("events, 8 replications", "events", lambda value: f"{value:,.0f}"),
        ("processor seconds of the command, one thread", "cpu_s", lambda value: f"{value:.2f} s"),
        ("of these, the simulation", "simulation_s", lambda value: f"{value:.2f} s"),
        ("peak memory of the simulation", "peak_bytes", lambda value: f"{value / 2**20:.0f} MiB"),
        ("instructions of the events of one replication", "instructions", lambda value: f"{value / 1e9:.2f} × 10⁹"),
    ]
    rows = []
    for label, key, form in facts:
        cells = [label, *(form(measured[name][key]) for name in names)]
        if len(names) == 2:
            cells.append(times(measured["before"][key] / measured["now"][key]) if key != "events" else "")
        rows.append(cells)
    return table(["", *names] + (["before ÷ now"] if len(names) == 2 else []), rows)


def guard(budgets):
    return table(["workload", "instructions"], [[f"`{name}`", f"{count:,}"] for name, count in budgets.items()])


def growth(rows):
    def line(row):
        return [row["series"], f"{row['work']:,}", f"{row['classes']:,}", f"{row['resources']:,}", f"{row['hops']:.1f}",
                f"{row['us_per_event']:.2f}", row["fallbacks"]]

    chosen = [row for row in rows if row["series"] != "pending"]
    head = ["series", "flows at once", "classes", "resources", "hops", "µs per event", "fallbacks"]
    return table(head, [line(row) for row in chosen])


TABLES = {
    "goals-kernel": goals("kernel"),
    "goals-fluid": goals("fluid"),
    "exactness": exactness,
    "memory": memory,
    "growth": growth,
    "falcon": falcon,
    "guard": guard,
    "peers": lambda text: text.strip(),
}


def charts(rows):
    """Name and SVG of each chart."""

    def series(kind, x, y="us_per_event"):
        return [(row[x], row[y]) for row in rows if row["series"] == kind]

    def pending(suffix):
        chosen = [row for row in rows if row["series"] == "pending" and row["workload"].endswith("-baseline") == suffix]
        return [(row["pending"], row["ns_per_work"]) for row in chosen]

    yield "growth-flows", chart.lines(
        "Cost per event against flows at once", "flows at once, 50 sites", "µs per event",
        {"plain": series("flows", "work"), "weights, coefficients, caps": series("weighted", "work")})
    yield "growth-classes", chart.lines(
        "Cost per event against classes", "classes in use, 50 sites, 50,000 flows at once", "µs per event",
        {"plain": series("classes", "classes")})
    yield "growth-resources", chart.lines(
        "Cost per event against resources", "directed links, 20,000 flows at once; routes grow with them", "µs per event",
        {"plain": series("resources", "resources")})
    yield "growth-pending", chart.lines(
        "Cost per event against pending events", "pending events (PHOLD)", "ns per event",
        {"kernel": pending(False), "standard binary heap": pending(True)})
