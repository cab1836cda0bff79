"""The open project. Its YAML text is the single truth; everything else follows from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.project.config_file import ConfigFile
from app.project.custom_functions import CustomFunctions, files_in_use
from app.project.edits import component_at, default_of, normalized, with_value, without_value
from app.project.history import History
from app.project.recovery import Recovery, RecoveryFile
from app.project.task_model import with_fitting_model
from app.project.trust import Trust
from trainer.catalog.check import check_config
from trainer.config.describe import all_settings
from trainer.config.document import LoadedConfig, load_text
from trainer.config.paths import resolve
from trainer.config.yaml_editor import dump_yaml, lookup
from trainer.data.places import workspace_dir
from trainer.errors import ConfigError, Problem

_AUTOSAVE_MS = 1000
_MISSING = object()


class Project(QObject):
    """A configuration being edited.

    Attributes:
        functions: The user's own functions beside it, once `watch_functions` was called.
        trust: Which of the files it uses may run.

    Signals:
        changed: The text, and with it possibly every value, is another one.
        problems_changed: `problems` is another list.
        path_changed: It belongs to another file, or to none.
        dirty_changed: `is_dirty` turned.
        file_changed_outside: Another program changed or removed the file; offer `reload`.
        pending_edits_wanted: Editors must hand in what is typed but not yet in the text, now.

    Args:
        recovery_folder: Where unsaved work is kept; the user's state folder by default.
    """

    changed = Signal()
    problems_changed = Signal()
    path_changed = Signal()
    dirty_changed = Signal(bool)
    file_changed_outside = Signal()
    pending_edits_wanted = Signal()

    def __init__(self, parent: QObject | None = None, *, recovery_folder: Path | None = None) -> None:
        super().__init__(parent)
        self.history = History()
        self._text = ""
        self._saved_text = ""
        self._was_dirty = False
        self._loaded = load_text("")
        self._readable = self._loaded
        self._migration_notes: tuple[str, ...] = ()
        self._problems: tuple[Problem, ...] = ()
        self._file = ConfigFile(self)
        self._file.changed_outside.connect(self.file_changed_outside)
        self.functions = CustomFunctions(self)
        self.functions.changed.connect(self.recheck)
        self.trust = Trust()
        self.functions.changed.connect(self.trust.remember)
        self.changed.connect(self._watch_on)
        self.path_changed.connect(self._watch_on)
        self._recovery = RecoveryFile(recovery_folder)
        self._autosave = QTimer(self)
        self._autosave.setSingleShot(True)
        self._autosave.setInterval(_AUTOSAVE_MS)
        self._autosave.timeout.connect(self.write_recovery)
        self._problems = self._check()

    # What it is.

    @property
    def text(self) -> str:
        """The YAML text, as the file would hold it."""
        return self._text

    @property
    def path(self) -> Path | None:
        """The file; `None` while never saved."""
        return self._file.path

    @property
    def title(self) -> str:
        """The file's name, or that there is none yet."""
        return self.path.name if self.path is not None else "untitled"

    @property
    def base_dir(self) -> Path:
        """Folder that relative paths of the configuration start from."""
        return self.path.parent if self.path is not None else workspace_dir()

    @property
    def saved_text(self) -> str:
        """The text as it was last read or saved; empty if never."""
        return self._saved_text

    @property
    def is_dirty(self) -> bool:
        """Whether the text differs from what was last read or saved."""
        return self._text != self._saved_text

    @property
    def loaded(self) -> LoadedConfig:
        """What the text means."""
        return self._loaded

    @property
    def migration_notes(self) -> tuple[str, ...]:
        """What became of the keys of a file in an older or foreign form, since it was opened."""
        return self._migration_notes

    @property
    def is_readable(self) -> bool:
        """Whether the text can be read as settings at all, right or wrong."""
        return self._loaded is self._readable

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong: schema, names and arguments of components, folders."""
        return self._problems

    @property
    def file_is_missing(self) -> bool:
        """Whether the file was deleted or moved away."""
        return self._file.is_missing

    def value(self, key: str) -> Any:
        """The value of a setting: its own, or its default. While the text is unreadable, as it was last."""
        setting = all_settings().get(key)
        own = lookup(self._readable.values, key, _MISSING)
        if own is _MISSING:
            return component_at(self._readable.values, key) if setting is None else default_of(key)
        return own

    def is_changed(self, key: str) -> bool:
        """Whether a setting differs from its default; for a key outside the schema, whether the text has it."""
        own = lookup(self._readable.values, key, _MISSING)
        setting = all_settings().get(key)
        if own is _MISSING or (setting is not None and setting.kind == "section"):
            return False
        if setting is None:
            return True
        value, default = normalized(own, setting.kind), normalized(setting.default, setting.kind)
        return bool(value != default) or isinstance(value, bool) != isinstance(default, bool)

    # Where it comes from and goes to.

    def new(self, values: Mapping[str, Any] | None = None) -> None:
        """Start an unsaved project from plain values; empty ones give all defaults.

        It counts as changed only once it is edited: what is given here can be had again.
        """
        self._file.forget()
        text = dump_yaml(values) if values else ""
        self._begin(text, saved_text=text, is_made_here=True)

    def open(self, path: Path) -> None:
        """Open a file. Problems inside it are in `problems`.

        Raises:
            ConfigError: The file cannot be read, is too large or is no text. The project stays as it was.
        """
        text = self._file.read(path)
        self._begin(text, saved_text=text)

    def reload(self) -> None:
        """Read the file again; what was edited can be brought back with undo.

        Raises:
            ConfigError: The file cannot be read, or there is none. The project stays as it was.
        """
        if self.path is None:
            raise ConfigError((Problem("", "This project has no file yet. Save it first."),))
        text = self._file.read(self.path)
        self._saved_text = text
        self._edit(text, "Reload")
        self._after_dirt()

    def save(self) -> None:
        """Save to the project's file.

        Raises:
            ConfigError: It has no file yet, or another program changed the file (a second call overwrites).
            OSError: The file cannot be written.
        """
        if self.path is None:
            raise ConfigError((Problem("", "This project has no file yet. Use Save as to give it one."),))
        self.save_as(self.path)

    def save_as(self, path: Path) -> None:
        """Save to a file, which becomes the project's own. A file that was not edited keeps every byte.

        Raises:
            ConfigError: It is the project's file and another program changed it (a second call overwrites).
            OSError: The file cannot be written.
        """
        self.commit_pending_edits()
        before = self.path
        self._file.write(path, self._text)
        self._saved_text = self._text
        self._after_dirt()
        if self.path != before:
            self.trust.move(self.base_dir, self._files())
            self.path_changed.emit()
            self.recheck()
        self.trust.remember()

    def recover(self, recovery: Recovery) -> None:
        """Continue work that a crash left behind; it is dirty until saved."""
        on_disk = None
        if recovery.path is not None:
            on_disk = self._file.adopt(recovery.path)
        else:
            self._file.forget()
        self._begin(recovery.text, saved_text=on_disk or "", is_made_here=recovery.path is None)

    def close(self) -> None:
        """The window closes cleanly: saved, or given up on purpose. Removes the recovery file."""
        self._autosave.stop()
        self._recovery.remove()
        self._file.forget()
        self.functions.end()

    def watch_functions(self) -> None:
        """From now on, read and watch the user's own functions beside the project and those it uses."""
        self.functions.begin(self.base_dir)
        self.functions.use(self._files())

    def _watch_on(self) -> None:
        if self.functions.is_watching:
            self.watch_functions()

    # Edits.

    def set_value(self, key: str, value: Any) -> None:
        """Set one setting to a plain value, as one undo step. A task brings a model that is made for it.

        Raises:
            ConfigError: The text is unreadable as it stands.
        """
        text = with_value(self._text, self._loaded, key, value)
        if key == "project.task":
            text = with_fitting_model(text, self._loaded, value)
        self._edit(text, f"Change {_title(key)}", key)

    def reset(self, key: str) -> None:
        """Give a setting its default again by taking it out of the text.

        Raises:
            ConfigError: The text is unreadable as it stands.
        """
        self._edit(without_value(self._text, self._loaded, key), f"Reset {_title(key)}")

    def set_text(self, text: str) -> None:
        """Replace the whole text, right or wrong."""
        self._edit(text, "Edit YAML")

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self.history.undo_label)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to bring back."""
        return bool(self.history.redo_label)

    def undo(self) -> None:
        """Take the last edit back."""
        self.commit_pending_edits()
        self._show(self.history.undo())

    def redo(self) -> None:
        """Bring the last undone edit back."""
        self._show(self.history.redo())

    def commit_pending_edits(self) -> None:
        """Bring what is typed but not yet handed in into the text. Call before reading it."""
        self.pending_edits_wanted.emit()

    def recheck(self) -> None:
        """Look again at what lies outside the text, such as folders."""
        problems = self._check()
        if problems != self._problems:
            self._problems = problems
            self.problems_changed.emit()

    def write_recovery(self) -> None:
        """Write unsaved work aside now instead of a moment later."""
        self._autosave.stop()
        if not self.is_dirty:
            return
        try:
            self._recovery.write(self.path, self._text)
        except OSError:
            self._autosave.start(30 * _AUTOSAVE_MS)  # a full disk must not stop the work; try again later

    def _files(self) -> list[Path]:
        """The Python files that the settings name."""
        return [resolve(file, self.base_dir) for file in files_in_use(self._readable.values)]

    def _begin(self, text: str, *, saved_text: str, is_made_here: bool = False) -> None:
        self.history.clear()
        self._saved_text = saved_text
        self._show(text, is_new=True)
        self.trust.begin(self.base_dir, self._files(), is_made_here=is_made_here)
        self.path_changed.emit()

    def _edit(self, text: str, label: str, key: str = "") -> None:
        if text != self._text:
            self.history.push(self._text, text, label, key)
            self._show(text)

    def _show(self, text: str | None, *, is_new: bool = False) -> None:
        if text is None or (text == self._text and not is_new):
            return
        self._text = text
        self._loaded = load_text(text)
        if is_new or self._loaded.notes:
            self._migration_notes = self._loaded.notes
        if is_new or self._loaded.values or not self._loaded.problems:
            self._readable = self._loaded
        self.trust.use(self._files())
        problems, self._problems = self._problems, self._check()
        self.changed.emit()
        if problems != self._problems:
            self.problems_changed.emit()
        self._after_dirt()

    def _after_dirt(self) -> None:
        if self.is_dirty:
            self._autosave.start(_AUTOSAVE_MS)
        else:
            self._autosave.stop()
            self._recovery.remove()
        if self.is_dirty != self._was_dirty:
            self._was_dirty = self.is_dirty
            self.dirty_changed.emit(self.is_dirty)

    def _check(self) -> tuple[Problem, ...]:
        problems = self._loaded.problems
        if self._loaded.config is not None:
            try:
                problems += check_config(self._loaded.config, self.base_dir)
            except OSError as error:
                problems += (Problem("", f"A folder cannot be looked at: {error}."),)
        return tuple(_placed(problem, self._loaded.lines) for problem in problems)


def _placed(problem: Problem, lines: Mapping[str, int]) -> Problem:
    """The problem with the line of its key, or of the nearest key around it."""
    key = problem.key
    while problem.line is None and key:
        if key in lines:
            return dataclasses.replace(problem, line=lines[key])
        key = key.rpartition(".")[0]
    return problem


def _title(key: str) -> str:
    setting = all_settings().get(key)
    return setting.title.lower() if setting is not None else key.rpartition(".")[2].replace("_", " ")
