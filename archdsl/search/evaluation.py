"""What an architecture is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy in 0..1 and mean log-likelihood on the validation data, costs, and the value that a search maximises."""

    accuracy: float
    likelihood: float
    value: float
    excess: float
    costs: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """As it is logged."""
        return {"value": self.value, "accuracy": self.accuracy, "likelihood": self.likelihood, **self.costs}
