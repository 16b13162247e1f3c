"""Numbers that are never alone: by identity, and shares with numerator and denominator."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A number of cases, by whether the reviewer gave a name."""

    named: int = 0
    anonymous: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.named + self.anonymous

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.named + other.named, self.anonymous + other.anonymous)


NONE = Pair()


@dataclass(frozen=True)
class Rate:
    """A share that is never shown without its numerator and denominator."""

    part: int
    whole: int

    @property
    def per_mille(self) -> int | None:
        """The share in thousandths, rounded; 1000 only if it is all of them, None of nothing."""
        if self.whole == 0:
            return None
        rounded = (2000 * self.part + self.whole) // (2 * self.whole)
        return rounded if self.part == self.whole else min(rounded, 999)
