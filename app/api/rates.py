"""How often somebody may call: a bucket of tokens for each, filled evenly."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MOST_BUCKETS = 10_000  # then the one that was used the longest time ago is forgotten
BURST_S = 10.0  # so many seconds' worth of calls may come at once


class Rates:
    """Not shared between processes: with several, a key may call as many times more often."""

    def __init__(self, per_minute: float, clock: Callable[[], float]) -> None:
        self._per_s = per_minute / 60
        self._most = max(1.0, self._per_s * BURST_S)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, since when

    def take(self, who: str) -> float:
        """0 where the call may go on, else the seconds until the next one may."""
        now = self._clock()
        tokens, since = self._buckets.pop(who, (self._most, now))
        tokens = min(self._most, tokens + (now - since) * self._per_s)
        allowed = tokens >= 1
        self._buckets[who] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._per_s
