"""Reminders over time as a picture, and as the table that says the same.

Drawn on the server: there is no script in it, and no style but by class, so it stands on a page whose policy
allows neither. `static/charts.css` gives the classes their looks; without it, all is drawn in the colour of
the text.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from api.ui import ticks
from fulfillment.domain.figures import Point

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 948, 14, 262
"""The edges of the plot, in the units of the picture."""
WIDEST_BAR = 44.0
LEAST_HEIGHT = 2.5
"""What is there is seen, however little it is beside the rest."""
ROUNDED, SEAM = 3.0, 1.5
HALF_A_LABEL = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose clock the hours are by."""

    zone: ZoneInfo

    def moment(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{local:%a} {ticks.day(local)}, {local:%H:%M}"

    def span(self, at: datetime, step: timedelta) -> str:
        """Return a span in words; where it begins and ends on one day, the day is said once."""
        begins, ends = at.astimezone(self.zone), (at + step).astimezone(self.zone)
        if step >= ticks.DAY:
            return f"{self.moment(at)} to {self.moment(at + step)}"
        same = begins.date() == ends.date()
        return f"{self.moment(at)} to {f'{ends:%H:%M}' if same else self.moment(at + step)}"


def figure(points: Sequence[Point], *, step: timedelta, zone: ZoneInfo, title: str, id: str) -> Markup:
    """Return the chart with its key, and the numbers behind it to be opened."""
    sent, failed = _sum(points)
    return Markup(
        '<figure class="chart-figure"><figcaption class="chart-caption">'
        '<span class="chart-key chart-key-sent"><strong>{}</strong> sent</span>'
        '<span class="chart-key chart-key-failed"><strong>{}</strong> failed</span>'
        '<span class="chart-zone">{}</span></figcaption>'
        '<div class="chart-frame" tabindex="0" role="group" aria-label="{}">{}</div>'
        '<details class="chart-numbers"><summary>The same in numbers</summary>{}</details></figure>'
    ).format(
        f"{sent:,}",
        f"{failed:,}",
        zone.key,
        title,
        bars(points, step=step, zone=zone, title=title, id=id),
        table(points, step=step, zone=zone, title=title),
    )


def bars(points: Sequence[Point], *, step: timedelta, zone: ZoneInfo, title: str, id: str) -> Markup:
    """Return an SVG with a bar for each point: what was sent, and on it what failed.

    `points` follow one another, each `step` after the last; there is at least one, and the last is not over
    yet. `id` is unique on the page; readers of screens know the picture by `title` and a summary.
    """
    plot = _Plot(points=points, step=step)
    parts = [
        Markup('<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>').format(
            id, title, summary(points, step=step, zone=zone)
        ),
        *_numbers(plot),
        *_times(plot, zone),
        *_bars(plot, Reader(zone=zone)),
        Markup('<path class="chart-axis" d="M{} {}H{}" stroke="currentColor"/>').format(LEFT, BOTTOM, RIGHT),
    ]
    if not plot.most:
        parts.append(_word((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, "Nothing in this time"))
    return Markup(
        '<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}"'
        ' role="img" aria-labelledby="{2}-title {2}-desc" fill="currentColor">{3}</svg>'
    ).format(WIDTH, HEIGHT, id, Markup().join(parts))


def table(points: Iterable[Point], *, step: timedelta, zone: ZoneInfo, title: str) -> Markup:
    """Return the numbers as a table, the latest first."""
    reader = Reader(zone=zone)
    line = Markup('<tr><th scope="row">{}</th><td>{:,}</td><td>{:,}</td></tr>')
    lines = (line.format(reader.span(it.at, step), it.sent, it.failed) for it in reversed([*points]))
    return Markup(
        '<table class="chart-table"><caption>{} ({})</caption><thead><tr><th scope="col">When</th>'
        '<th scope="col">Sent</th><th scope="col">Failed</th></tr></thead><tbody>{}</tbody></table>'
    ).format(title, zone.key, Markup().join(lines))


def summary(points: Sequence[Point], *, step: timedelta, zone: ZoneInfo) -> str:
    """Return what the chart shows, in two sentences."""
    reader = Reader(zone=zone)
    sent, failed = _sum(points)
    peak = max(points, key=lambda it: it.sent + it.failed)
    begins, ends = reader.moment(points[0].at), reader.moment(points[-1].at + step)
    told = f"From {begins} to {ends}, {zone.key}: {sent:,} sent, {failed:,} failed."
    if not sent + failed:
        return told
    return f"{told} Most from {reader.span(peak.at, step)}: {peak.sent:,} sent, {peak.failed:,} failed."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """How instants and numbers become places in the picture."""

    points: Sequence[Point]
    step: timedelta

    @property
    def most(self) -> int:
        return max(it.sent + it.failed for it in self.points)

    @property
    def end(self) -> datetime:
        return self.points[-1].at + self.step

    def x(self, at: datetime) -> float:
        first = self.points[0].at
        return LEFT + (RIGHT - LEFT) * ((at - first) / (self.end - first))

    def height(self, number: int, top: int) -> float:
        """Return how high `number` is where `top` is as high as the plot."""
        return max(LEAST_HEIGHT, (BOTTOM - TOP) * number / top) if number else 0.0


def _numbers(plot: _Plot) -> Iterator[Markup]:
    scale = ticks.numbers(plot.most)
    for number in scale:
        y = BOTTOM - (BOTTOM - TOP) * number / scale[-1]
        if number:
            yield Markup(
                '<path class="chart-grid" d="M{} {:.2f}H{}" stroke="currentColor" stroke-opacity="0.2"/>'
            ).format(LEFT, y, RIGHT)
        yield Markup('<text class="chart-label" x="{}" y="{:.2f}" text-anchor="end">{:,}</text>').format(
            LEFT - 8, y + 4, number
        )


def _times(plot: _Plot, zone: ZoneInfo) -> Iterator[Markup]:
    for tick in ticks.times(plot.points[0].at, plot.end, zone):
        x = plot.x(tick.at)
        kind = "chart-day" if tick.is_day else "chart-label"
        yield Markup('<path class="chart-tick" d="M{:.2f} {}v6" stroke="currentColor"/>').format(x, BOTTOM)
        if x <= WIDTH - HALF_A_LABEL:
            yield Markup('<text class="{}" x="{:.2f}" y="{}" text-anchor="middle">{}</text>').format(
                kind, x, BOTTOM + 22, tick.label
            )


def _bars(plot: _Plot, reader: Reader) -> Iterator[Markup]:
    top = ticks.numbers(plot.most)[-1]
    slot = (RIGHT - LEFT) / len(plot.points)
    wide = min(WIDEST_BAR, slot * (0.72 if slot > ROUNDED else 0.86))
    for n, point in enumerate(plot.points):
        left = LEFT + n * slot
        kind = "chart-bar chart-open" if n == len(plot.points) - 1 else "chart-bar"
        so_far = " so far" if n == len(plot.points) - 1 else ""
        said = f"{reader.span(point.at, plot.step)}: {point.sent:,} sent, {point.failed:,} failed{so_far}"
        yield Markup(
            '<g class="{}"><title>{}</title><rect class="chart-hit" x="{:.2f}" y="{}" width="{:.2f}"'
            ' height="{}" fill-opacity="0"/>{}</g>'
        ).format(
            kind, said, left, TOP, slot, BOTTOM - TOP, _bar(plot, point, left + (slot - wide) / 2, wide, top)
        )


def _bar(plot: _Plot, point: Point, x: float, wide: float, top: int) -> Markup:
    sent, failed = plot.height(point.sent, top), plot.height(point.failed, top)
    parts = []
    if point.sent:
        # Between the two a line of paper stays free, for who cannot tell them by their colours.
        free = SEAM if point.failed and sent > 2 * SEAM else 0.0
        parts.append(_block("chart-sent", x, BOTTOM, wide, sent - free, is_top=not point.failed))
    if point.failed:
        parts.append(_block("chart-failed", x, BOTTOM - sent, wide, failed, is_top=True))
    return Markup().join(parts)


def _block(kind: str, x: float, y: float, wide: float, high: float, *, is_top: bool) -> Markup:
    r = min(ROUNDED, wide / 3, high) if is_top else 0.0
    # Paler for who has no colours of ours.
    pale = Markup(' fill-opacity="0.5"') if kind == "chart-failed" else ""
    return Markup('<path class="{}"{} d="M{:.2f} {:.2f}v{:.2f}q0 {:.2f} {:.2f} {:.2f}h{:.2f}').format(
        kind, pale, x, y, -(high - r), -r, r, -r, wide - 2 * r
    ) + Markup('q{:.2f} 0 {:.2f} {:.2f}v{:.2f}z"/>').format(r, r, r, high - r)


def _word(x: float, y: float, text: str) -> Markup:
    return Markup('<text class="chart-nothing" x="{:.2f}" y="{:.2f}" text-anchor="middle">{}</text>').format(
        x, y, text
    )


def _sum(points: Iterable[Point]) -> tuple[int, int]:
    both = [(it.sent, it.failed) for it in points]
    return sum(sent for sent, _ in both), sum(failed for _, failed in both)
