"""What a training run remembers: one record per epoch."""

from dataclasses import dataclass, field


@dataclass
class History:
    """Means per data point over each epoch, in nats: "bound", each of its terms, what was measured, and "seconds".

    The training values are running ones: each minibatch is scored just before it is learned from.
    """

    records: list[dict[str, float]] = field(default_factory=list)
    interrupted: bool = False

    def __getitem__(self, name: str) -> list[float]:
        """One quantity, epoch by epoch: history["bound"]."""
        return [record[name] for record in self.records]

    def __len__(self) -> int:
        """How many epochs were finished."""
        return len(self.records)
