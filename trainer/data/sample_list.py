"""The sample data sets there are; cheap to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A data set that can be made on the spot.

    Attributes:
        name: Short name, also that of its folder.
        title: For a button or a list.
        sentence: What it holds.
    """

    name: str
    title: str
    sentence: str


SAMPLES: tuple[Sample, ...] = (
    Sample("digits", "Handwritten digits", "1,797 handwritten digits in grey, 32 × 32 pixels, 10 classes."),
    Sample("shapes", "Coloured shapes", "1,200 drawn shapes in colour, 48 × 48 pixels, 6 classes."),
)
