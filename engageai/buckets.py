"""How often somebody may do something: token buckets, one for each key, in bounded memory.

Knows keys, rates and a time that it is told; nothing of who calls or what for. A bucket is one number, the time at
which it will be full again (the generic cell rate algorithm): a key that is not in the table has a full bucket.
"""

from __future__ import annotations

import threading
from typing import Final

HOUR_S: Final = 3600.0
MOST_KEYS: Final = 10_000


class Buckets:
    """Each key may spend `amount` at once, and gets them back evenly within `refill_s`. Safe to share between threads.

    No more than `most` keys are remembered. Those whose buckets are full again go first; when all are in use, an eighth
    of them, the fullest, is forgiven: a flood of new keys gains nothing for a key that has spent all.
    """

    def __init__(self, amount: int, refill_s: float = HOUR_S, most: int = MOST_KEYS) -> None:
        self._step_s = refill_s / amount
        self._refill_s = refill_s
        self._most = most
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait_s(self, key: str, now_s: float) -> float:
        """How long until `key` may spend one; 0 when it may now. Spends nothing."""
        with self._lock:
            return self._wait_s(key, now_s)

    def spend(self, key: str, now_s: float) -> float:
        """Spend one, and return 0; or how long until there will be one, and then nothing is spent."""
        with self._lock:
            wait_s = self._wait_s(key, now_s)
            if not wait_s:
                if key not in self._full_at and len(self._full_at) >= self._most:
                    self._forget(now_s)
                self._full_at[key] = max(self._full_at.get(key, now_s), now_s) + self._step_s
            return wait_s

    def give_back(self, key: str) -> None:
        """Undo one `spend`: what was asked for did not happen."""
        with self._lock:
            if key in self._full_at:
                self._full_at[key] -= self._step_s

    def _wait_s(self, key: str, now_s: float) -> float:
        missing_s = self._full_at.get(key, now_s) + self._step_s - now_s - self._refill_s
        return missing_s if missing_s > 1e-6 else 0.0  # sums of fractions are not exact

    def _forget(self, now_s: float) -> None:
        in_use = sorted((full_at, key) for key, full_at in self._full_at.items() if full_at > now_s)
        self._full_at = {key: full_at for full_at, key in in_use[-(self._most * 7 // 8) :]}
