"""Says what data a run has: in its log, its events and its table of files."""

from __future__ import annotations

from trainer.engine.data.part import estimated_samples
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split_file import require_same_division, write_split
from trainer.runs.atomic import write_atomically
from trainer.runs.events import DataLoaded
from trainer.runs.folder import RunFolder
from trainer.runs.output import RunOutput


def report_data(data: PreparedData, folder: RunFolder, output: RunOutput) -> None:
    """Log the counts, write which file is in which part and what else the data is to be kept with; emit `DataLoaded`.

    Raises:
        OSError: A file cannot be written.
        DataError: The run is continued, and samples that it was trained on would now be validated or tested on.
    """
    require_same_division(folder.split_path, data)
    output.log("TRAINING", "Training dataset loaded successfully")
    in_classes = f" in {len(data.class_names)} classes" if data.class_names else ""
    output.log("DATA", f"{data.train.describe('training')}{in_classes}")
    if data.validation is not None:
        output.log("TRAINING", "Validation dataset loaded successfully")
        output.log("DATA", data.validation.describe("validation"))
    write_split(folder.split_path, data)
    for name, text in data.files.items():
        write_atomically(folder.path / name, text.encode())
    output.emit(
        DataLoaded(
            num_train=estimated_samples(data.train),
            num_validation=estimated_samples(data.validation),
            num_test=estimated_samples(data.test),
            class_names=data.class_names,
            num_unreadable=len(data.unreadable),
            cache=data.cache,
        )
    )
