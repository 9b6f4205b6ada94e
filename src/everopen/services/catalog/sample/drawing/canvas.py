"""A small SVG canvas: 600 by 600, a soft backdrop, fills that look lit from the upper left."""

import random
from dataclasses import dataclass, field

SIZE = 600
FLOOR = 486


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `other` in it; both as `#rrggbb`."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def light(colour: str, share: float = 0.25) -> str:
    """`colour` towards white."""
    return mix(colour, "#ffffff", share)


def dark(colour: str, share: float = 0.2) -> str:
    """`colour` towards a warm black."""
    return mix(colour, "#1a1512", share)


def is_light(colour: str) -> bool:
    """Whether black reads better on `colour` than white."""
    red, green, blue = _channels(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue > 150


@dataclass(frozen=True, slots=True)
class Paint:
    """What tells one product from another of its kind.

    Attributes:
        main: the product's colour.
        accent: a second colour that goes with it.
        style: a number from which a drawing chooses a form or a pattern.
        seed: for what is scattered at random, the same each time.
    """

    main: str
    accent: str
    style: int = 0
    seed: str = ""

    def scatter(self) -> random.Random:
        return random.Random(self.seed)  # noqa: S311  # decoration


@dataclass
class Canvas:
    """Collects shapes; `svg()` is the picture."""

    backdrop: str
    _shapes: list[str] = field(default_factory=list)
    _defs: dict[str, str] = field(default_factory=dict)

    def rect(self, x: float, y: float, w: float, h: float, fill: str, r: float = 0, extra: str = "") -> None:
        corner = f' rx="{_n(r)}"' if r else ""
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"'
        self._add(f'<rect {place}{corner} fill="{fill}"{_sp(extra)}/>')

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: str, extra: str = "") -> None:
        self._add(
            f'<ellipse cx="{_n(x)}" cy="{_n(y)}" rx="{_n(rx)}" ry="{_n(ry)}" fill="{fill}"{_sp(extra)}/>'
        )

    def circle(self, x: float, y: float, r: float, fill: str, extra: str = "") -> None:
        self._add(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}" fill="{fill}"{_sp(extra)}/>')

    def path(self, d: str, fill: str, extra: str = "") -> None:
        self._add(f'<path d="{d}" fill="{fill}"{_sp(extra)}/>')

    def line(self, d: str, colour: str, width: float, extra: str = "") -> None:
        """A stroke along the path `d`, with round ends."""
        self._add(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{_n(width)}" stroke-linecap="round"'
            f' stroke-linejoin="round"{_sp(extra)}/>'
        )

    def begin(self, transform: str = "", clip: str = "") -> None:
        """Open a group, moved by `transform`, cut off at the path `clip`."""
        attributes = f' transform="{transform}"' if transform else ""
        if clip:
            name = self._define(f'<clipPath id="%s"><path d="{clip}"/></clipPath>')
            attributes += f' clip-path="url(#{name})"'
        self._add(f"<g{attributes}>")

    def end(self) -> None:
        self._add("</g>")

    def across(self, colour: str) -> str:
        """A fill for something round that stands: lit on the left, dark on the right."""
        stops = ((0, dark(colour, 0.12)), (0.22, light(colour, 0.22)), (0.6, colour), (1, dark(colour, 0.28)))
        return self._gradient("x2='1' y2='0'", stops)

    def down(self, colour: str, strength: float = 0.2) -> str:
        """A fill for something that is lit from above."""
        return self._gradient(
            "x2='0.25' y2='1'", ((0, light(colour, strength)), (1, dark(colour, strength * 0.8)))
        )

    def ball(self, colour: str) -> str:
        """A fill for something like a ball."""
        stops = "".join(
            f'<stop offset="{at}" stop-color="{c}"/>'
            for at, c in ((0, light(colour, 0.4)), (0.45, colour), (1, dark(colour, 0.32)))
        )
        name = self._define(f'<radialGradient id="%s" cx=".36" cy=".3" r=".8">{stops}</radialGradient>')
        return f"url(#{name})"

    def shadow(self, x: float, width: float, y: float = FLOOR, strength: float = 0.3) -> None:
        """What stands on the floor throws one."""
        name = self._define(
            '<radialGradient id="%s"><stop offset="0" stop-color="#2b211a" stop-opacity="1"/>'
            '<stop offset=".6" stop-color="#2b211a" stop-opacity=".45"/>'
            '<stop offset="1" stop-color="#2b211a" stop-opacity="0"/></radialGradient>'
        )
        self.ellipse(
            x, y, width / 2 * 1.18, max(10.0, width * 0.055), f"url(#{name})", f'opacity="{strength}"'
        )

    def glow(self, x: float, y: float, r: float) -> None:
        """Warm light around a lamp or a flame."""
        name = self._define(
            '<radialGradient id="%s"><stop offset="0" stop-color="#ffeeb8" stop-opacity=".85"/>'
            '<stop offset="1" stop-color="#ffeeb8" stop-opacity="0"/></radialGradient>'
        )
        self.circle(x, y, r, f"url(#{name})")

    def svg(self, title: str) -> str:
        """The picture as a document."""
        top, bottom = light(self.backdrop, 0.55), self.backdrop
        text = title.replace("&", "&amp;").replace("<", "&lt;")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img">'
            f"<title>{text}</title><defs>"
            f'<linearGradient id="bg" x2="0" y2="1"><stop stop-color="{top}"/><stop offset=".74" '
            f'stop-color="{light(bottom, 0.25)}"/><stop offset=".76" stop-color="{light(bottom, 0.1)}"/>'
            f'<stop offset="1" stop-color="{light(bottom, 0.35)}"/></linearGradient>'
            + "".join(self._defs.values())
            + f'</defs><path fill="url(#bg)" d="M0 0h{SIZE}v{SIZE}H0z"/>'
            + "".join(self._shapes)
            + "</svg>\n"
        )

    def _gradient(self, direction: str, stops: tuple[tuple[float, str], ...]) -> str:
        marks = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in stops)
        name = self._define(f'<linearGradient id="%s" {direction}>{marks}</linearGradient>'.replace("'", '"'))
        return f"url(#{name})"

    def _define(self, template: str) -> str:
        name = f"d{len(self._defs)}"
        if template in self._defs:
            return self._defs[template].split('id="')[1].split('"')[0]
        self._defs[template] = template.replace("%s", name, 1)
        return name

    def _add(self, shape: str) -> None:
        self._shapes.append(shape)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _sp(extra: str) -> str:
    return f" {extra}" if extra else ""
