"""Whether a series of figures grows: pure, and hard to mislead by single figures.

The slope is the median of the slopes between all pairs of points (Theil and Sen), the steadiness of the
growth Kendall's tau: of all pairs, those that rise less those that fall. A sawtooth has a slope, but is not
steady; a figure that has settled a little higher is steady, but not steep.
"""

import itertools
import statistics
from collections.abc import Sequence

import msgspec

_HOUR_S = 3600.0
FEWEST_POINTS = 12


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """How a figure moved after the warm-up.

    Attributes:
        median: of the series.
        per_hour: growth in an hour at the median slope.
        steadiness: from -1, always falling, to 1, always rising.
    """

    first: float
    median: float
    last: float
    per_hour: float
    steadiness: float


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """How much a figure may grow in an hour and still be called flat: the larger of the two."""

    absolute: float
    share: float

    def of(self, trend: Trend) -> float:
        return max(self.absolute, self.share * trend.median)


_STEADY = 0.4


def trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """The trend of (seconds, figure) points; None if there are too few to judge."""
    if len(points) < FEWEST_POINTS:
        return None
    pairs = [
        (later, earlier) for earlier, later in itertools.combinations(points, 2) if later[0] > earlier[0]
    ]
    slopes = [(later[1] - earlier[1]) / (later[0] - earlier[0]) for later, earlier in pairs]
    figures = [figure for _, figure in points]
    return Trend(
        first=figures[0],
        median=statistics.median(figures),
        last=figures[-1],
        per_hour=statistics.median(slopes) * _HOUR_S,
        steadiness=sum((slope > 0) - (slope < 0) for slope in slopes) / len(slopes),
    )


def grows(found: Trend, allowance: Allowance) -> bool:
    """Whether it rises steadily, by more than is allowed in an hour."""
    return found.steadiness > _STEADY and found.per_hour > allowance.of(found)
