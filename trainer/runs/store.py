"""All runs below a runs folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.errors import RunError
from trainer.runs.folder import RunFolder, RunRecord
from trainer.runs.folds import spreads
from trainer.runs.follow import RunFollower, read_run
from trainer.runs.state import Status


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A row of the list of runs.

    Of a cross-validation, `num_folds` is above 0, `epochs_done` of `num_epochs` counts folds, `best_metrics` are means
    over the folds that have ended, and there is no best epoch.
    """

    path: Path
    record: RunRecord
    status: Status
    model: str
    epochs_done: int
    num_epochs: int
    best_epoch: int | None
    best_metrics: dict[str, float]
    duration_s: float
    num_folds: int = 0

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return self.path.name


def list_runs(runs_dir: Path) -> list[Path]:
    """Folders of the runs below `runs_dir`, newest first. A missing folder has none."""
    if not runs_dir.is_dir():
        return []
    found = [entry for entry in runs_dir.iterdir() if (entry / "run.json").is_file()]
    return sorted(found, key=lambda path: path.stat().st_ctime, reverse=True)


def summarize(path: Path) -> RunSummary:
    """Summary of one run.

    Raises:
        RunError: `path` is no run folder.
    """
    return summary_of(read_run(path))


def summary_of(follower: RunFollower) -> RunSummary:
    """Summary of a run as far as `follower` has read it.

    Raises:
        RunError: Its folder is no run folder (any more).
    """
    state = follower.state
    if state.num_folds:
        return _summary_of_folds(follower)
    best = state.best_epoch
    return RunSummary(
        path=follower.folder.path,
        record=follower.folder.read_record(),
        status=follower.status(),
        model=state.model.name if state.model else "",
        epochs_done=len(state.epochs),
        num_epochs=state.num_epochs,
        best_epoch=best.epoch if best else None,
        best_metrics=best.metrics if best else {},
        duration_s=sum(record.duration_s for record in state.epochs),
    )


def _summary_of_folds(follower: RunFollower) -> RunSummary:
    state = follower.state
    ended = state.fold_results.values()
    return RunSummary(
        path=follower.folder.path,
        record=follower.folder.read_record(),
        status=follower.status(),
        model=state.model.name if state.model else "",
        epochs_done=len(ended),
        num_epochs=state.num_folds,
        best_epoch=None,
        best_metrics={name: spread.mean for name, spread in spreads(ended).items()},
        duration_s=sum(fold.duration_s for fold in ended),
        num_folds=state.num_folds,
    )


def find_run(runs_dir: Path, name: str) -> RunFolder:
    """A run by its name below `runs_dir` or by its path.

    Raises:
        RunError: There is none; the message names the nearest ones.
    """
    for path in (runs_dir / name, Path(name)):
        if (path / "run.json").is_file():
            return RunFolder(path.resolve())
    known = ", ".join(path.name for path in list_runs(runs_dir)[:8]) or "none"
    raise RunError(f"There is no run {name!r} in {runs_dir.resolve()}. Runs there: {known}.")
