"""Which rows of a list are marked."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Sequence


class Marks:
    """Marked rows by key, in the order they were marked; `changed` is told the keys whose rows look different."""

    def __init__(self, changed: Callable[[Iterable[Hashable]], None]) -> None:
        self._changed = changed
        self._keys: dict[Hashable, None] = {}

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """The marked rows."""
        return tuple(self._keys)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def turn(self, key: Hashable) -> None:
        """Mark it, or not any more."""
        if key in self._keys:
            del self._keys[key]
        else:
            self._keys[key] = None
        self._changed([key])

    def add(self, keys: Iterable[Hashable]) -> None:
        """Mark these too."""
        new = [key for key in keys if key not in self._keys]
        self._keys |= dict.fromkeys(new)
        self._changed(new)

    def range(self, keys: Sequence[Hashable], here: int) -> None:
        """Mark all from the row marked last to the one at `here`, or that one when none is marked."""
        last = next((keys.index(key) for key in reversed(self._keys) if key in keys), here)
        self.add(keys[min(last, here) : max(last, here) + 1])

    def keep(self, keys: Container[Hashable]) -> None:
        """Forget those that are not among these."""
        if any(key not in keys for key in self._keys):
            self._keys = {key: None for key in self._keys if key in keys}
            self._changed(())

    def clear(self) -> None:
        """Mark nothing."""
        before, self._keys = self.keys, {}
        if before:
            self._changed(before)
