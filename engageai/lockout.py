"""How long somebody who guesses has to wait: the longer, the more often it was wrong. In bounded memory.

Knows keys, counts and a time that it is told; nothing of names, passwords and requests. A try is counted when it is
let in and forgotten when it turns out right, so that many at once are no more than one after another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

FIRST_S: Final = 30.0
LONGEST_S: Final = 3600.0
FORGOTTEN_S: Final = 24 * 3600.0
MOST_KEYS: Final = 10_000


@dataclass(slots=True)
class _Record:
    tries: int = 0
    last_s: float = 0.0
    locked_until_s: float = 0.0


class Lockout:
    """Each key has so many tries; from then on each wrong one doubles the wait, from FIRST_S to LONGEST_S.

    Who does nothing for FORGOTTEN_S begins anew. Beyond `most` keys the one that was used longest ago is forgotten.
    """

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._most = most
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._records)

    def admit(self, allowances: dict[str, int], now_s: float) -> bool:
        """Whether one may try, who stands under all these keys; each has so many tries before it has to wait."""
        with self._lock:
            records = {key: self._record(key, now_s) for key in allowances}
            if any(now_s < record.locked_until_s for record in records.values()):
                return False
            for key, record in records.items():
                record.tries += 1
                record.last_s = now_s
                if record.tries >= allowances[key]:
                    doublings = min(record.tries - allowances[key], 16)
                    record.locked_until_s = now_s + min(FIRST_S * 2**doublings, LONGEST_S)
            return True

    def forget(self, *keys: str) -> None:
        """They turned out right."""
        with self._lock:
            for key in keys:
                self._records.pop(key, None)

    def _record(self, key: str, now_s: float) -> _Record:
        record = self._records.get(key)
        if record is None or now_s - record.last_s > FORGOTTEN_S:
            record = self._records[key] = _Record(last_s=now_s)
        self._records.move_to_end(key)
        while len(self._records) > self._most:
            self._records.popitem(last=False)
        return record
