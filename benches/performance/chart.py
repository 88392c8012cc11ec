"""A line chart as a small SVG: logarithmic or linear x axis, linear y axis from zero."""
import math

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 62, 40, 40, 52
COLOURS = ["#0b6e99", "#c4501b", "#5b7a1f"]


def lines(title, x_label, y_label, series, log=True, beside=False):
    """`series` gives for each name its points (x, y); with `beside` each name stands at the middle of its line, with "end" at its
    end, not in a corner."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    scale = math.log10 if log else float
    low, high = scale(min(xs)), scale(max(xs))
    step = nice(max(ys) / 5)
    top = step * math.ceil(max(ys) / step)

    def place(x, y):
        across = (scale(x) - low) / (high - low or 1)
        return (LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM))

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(LEFT, 20, title, "start", 'font-weight="bold" font-size="14"'),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label),
        text(16, (TOP + HEIGHT - BOTTOM) / 2, y_label, "middle", f'transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.1f})"'),
    ]
    for i in range(round(top / step) + 1):
        _, y = place(min(xs), i * step)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(text(LEFT - 6, y + 4, f"{i * step:g}", "end"))
    for x in ticks(min(xs), max(xs)) if log else evenly(min(xs), max(xs)):
        at, y = place(x, 0)
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{y:.1f}" stroke="#eee"/>')
        out.append(text(at, y + 18, f"{x:,}"))
    for i, (name, points) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in points:
            x, y = place(*point)
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        if beside:
            x, y = place(*points[-1 if beside == "end" else len(points) // 2])
            out.append(text(x, y - 10, name, "end", f'fill="{colour}"'))
        elif len(series) > 1:
            out.append(text(LEFT + 10, TOP + 14 + 16 * i, name, "start", f'fill="{colour}"'))
    return "\n".join([*out, "</svg>", ""])


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{words}</text>'


def nice(step):
    """The next of 1, 2, 5, 10, … at or above."""
    power = 10 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def ticks(low, high):
    """Powers of ten in the range; also 2 and 5 times these if there are few."""
    def between(factors):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        marks = (factor * 10**power for power in powers for factor in factors)
        return [mark for mark in marks if low <= mark <= high]

    tens = between([1])
    return tens if len(tens) >= 3 else between([1, 2, 5])


def evenly(low, high):
    """Round numbers in the range, about five steps apart."""
    step = nice((high - low) / 5)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [f * step for f in range(first, last + 1)]
