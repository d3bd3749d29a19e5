# SPDX-License-Identifier: Apache-2.0
"""Pictures of figures as SVG: panels of horizontal bars, readable on light and on dark pages."""

import dataclasses
from xml.sax.saxutils import escape

WIDTH = 920
COLUMNS = 2
GAP = 24
BAR = 16
ROW = 22
LABEL = 26  # above the bars of a panel
DETAIL = 17  # what its second line adds
CHARACTER = 7.2  # about, of the font at its size
NUMBERS = 64  # right of the longest bar
TITLE = 40

STYLE = """
svg{color-scheme:light dark}
.page{fill:#ffffff}.text{fill:#24292f}.label{fill:#24292f;font-weight:600}.name{fill:#57606a}
.ours{fill:#1f6feb}.peer{fill:#a8b1bb}
@media (prefers-color-scheme: dark){
.page{fill:#0d1117}.text{fill:#e6edf3}.label{fill:#e6edf3}.name{fill:#9198a1}
.ours{fill:#4493f8}.peer{fill:#59626c}}
"""


@dataclasses.dataclass
class Panel:
    """One question; `bars` are (name, value), and the names that begin with `ours` stand out."""
    label: str
    bars: list
    detail: str = ""  # a second line below the label
    digits: int = 0
    ours: str = "sluice"


def number(value, digits):
    return f"{value:,.{digits}f}"


def _text(kind, x, y, text, anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _panel(panel, left, top, width):
    names = CHARACTER * max(len(name) for name, _ in panel.bars) + 8
    longest = max(value for _, value in panel.bars) or 1
    room = width - names - NUMBERS
    yield _text("label", left, top + 16, panel.label)
    if panel.detail:
        yield _text("name", left, top + 16 + DETAIL, panel.detail)
    for row, (name, value) in enumerate(panel.bars):
        y = top + _above(panel) + row * ROW
        length = max(room * value / longest, 1)
        kind = "ours" if name.startswith(panel.ours) else "peer"
        yield _text("name", left + names - 8, y + 13, name, "end")
        yield f'<rect class="{kind}" x="{left + names:.1f}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>'
        yield _text("text", left + names + length + 6, y + 13, number(value, panel.digits))


def _above(panel):
    return LABEL + (DETAIL if panel.detail else 0)


def _height(panel):
    return _above(panel) + len(panel.bars) * ROW + GAP


def svg(title, panels):
    """A picture of at least one panel; each has at least one bar."""
    width = (WIDTH - GAP * (COLUMNS + 1)) / COLUMNS
    parts = []
    top = TITLE + GAP / 2
    for at in range(0, len(panels), COLUMNS):
        line = panels[at:at + COLUMNS]
        for column, panel in enumerate(line):
            parts += _panel(panel, GAP + column * (width + GAP), top, width)
        top += max(_height(panel) for panel in line)
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}" '
        f'font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{top:.0f}"/>',
        _text("label", GAP, 28, title),
    ]
    return "\n".join(head + parts + ["</svg>"]) + "\n"
