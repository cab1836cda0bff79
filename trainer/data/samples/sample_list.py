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
    Sample("cells", "Cells with masks", "150 drawn pictures of cells with masks, 128 × 128 pixels, 3 classes."),
    Sample(
        "shape_boxes",
        "Shapes with boxes",
        "240 drawn pictures with boxes, 128 × 128 pixels, 3 classes.",
    ),
    Sample("wine", "Wines in a table", "13 measurements of 178 wines, 3 cultivars to tell apart, as CSV."),
    Sample("diabetes", "Patients in a table", "10 measurements of 442 patients, a number to predict, as CSV."),
)
