"""The main window: settings left, pages right, one toolbar, one status bar. It joins parts; it decides nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import app_icon, icon
from app.pages.data.page import DataPage
from app.pages.runs.page import RunsPage
from app.pages.train.page import TrainPage
from app.project.project import Project
from app.project.recent import RecentFiles
from app.project.recovery import discard, recoverable
from app.theme import ThemeMode, apply_theme, theme_mode
from app.training.run_controller import RunController
from app.training.standby import Standby
from app.widgets.message_bar import MessageBar
from app.window.about import about_text, shortcuts_text
from app.window.actions import Actions
from app.window.closing import RunningQuestion
from app.window.files import Files
from app.window.menus import build_menus, build_toolbar
from app.window.page_tabs import page_tabs
from app.window.run_commands import RunCommands, open_folder
from app.window.run_status import RunStatus
from app.window.settings_panel import SettingsPanel
from app.window.tools import Tools
from app.window.welcome import Welcome
from trainer.config.paths import resolve
from trainer.errors import Problem, RunError
from trainer.runs.folder import RunFolder

_PANEL_WIDTH_PX = 360
_STANDBY_DELAY_MS = 400
_WATCH_MS = 1000


class MainWindow(QMainWindow):
    """The application's window.

    Args:
        start_standby: Import Keras in advance; tests that train nothing switch it off.
    """

    def __init__(self, *, start_standby: bool = True) -> None:
        super().__init__()
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.settings = QSettings()
        self.project = Project(self)
        self.recent = RecentFiles(self.settings, self)
        self.standby = Standby(self)
        self.controller = RunController(self.project, self.standby, self)
        self.files = Files(self.project, self.recent, self)
        self.actions_ = Actions(self)
        self._closing = False
        self.run_status = RunStatus()
        self._build()
        self.tools = Tools(self)
        self._connect()
        self._connect_actions()
        self._restore_layout()
        self._refresh_title()
        self._refresh_problems()
        self._refresh_actions()
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self.controller.reap)
        self._watch.start()
        self._standby_delay = QTimer(self, interval=_STANDBY_DELAY_MS, singleShot=True)
        self._standby_delay.timeout.connect(self._prepare_standby)
        if start_standby:
            self._standby_delay.start()

    # ------------------------------------------------------------------ building

    def _build(self) -> None:
        self.messages = MessageBar()
        self.panel = SettingsPanel(self.project)
        self.data_page = DataPage(self.project)
        self.train_page = TrainPage()
        self.runs_page = RunsPage()
        self.pages = page_tabs({"Data": self.data_page, "Train": self.train_page, "Runs": self.runs_page})
        self.pages.setCurrentWidget(self.train_page)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.panel)
        self.splitter.addWidget(self.pages)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_PANEL_WIDTH_PX, 1000])
        self.splitter.setCollapsible(1, False)
        self.welcome = Welcome()
        self.center = QStackedWidget()
        self.center.addWidget(self.welcome)
        self.center.addWidget(self.splitter)
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self.center, 1)
        self.setCentralWidget(holder)
        self.toolbar = build_toolbar(self, self.actions_, self.run_status)
        build_menus(self, self.actions_)
        self._build_status_bar()
        self.welcome.show_recent(self.recent.paths())
        self.commands = RunCommands(self.controller, self.project, self.train_page, self.messages, self.actions_, self)
        self.commands.doubts = lambda: self.data_page.refusals

    def _build_status_bar(self) -> None:
        self.problems_button = QToolButton()
        self.problems_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.problems_button.clicked.connect(self._jump_to_problem)
        self.busy_label = QLabel()
        self.engine_label = QLabel()
        bar = self.statusBar()
        bar.setContentsMargins(8, 0, 8, 0)
        bar.addWidget(self.problems_button)
        self.problems_button.hide()
        bar.addWidget(self.busy_label, 1)
        bar.addPermanentWidget(self.engine_label)

    def _connect(self) -> None:
        self.project.path_changed.connect(self._refresh_title)
        self.project.dirty_changed.connect(self._refresh_title)
        self.project.problems_changed.connect(self._refresh_problems)
        self.project.changed.connect(self._refresh_actions)
        self.project.changed.connect(self._show_runs_of_project)
        self.project.path_changed.connect(self._show_runs_of_project)
        self.project.file_changed_outside.connect(self._offer_reload)
        self.files.opened.connect(self._show_project)
        self.files.said.connect(lambda text, tone: self.messages.say(text, tone=tone))
        self.files.busy.connect(self.busy_label.setText)
        self.files.run_dropped.connect(self.show_run)
        self.recent.changed.connect(lambda: self.welcome.show_recent(self.recent.paths()))
        self.welcome.sample_chosen.connect(self.files.new_from_sample)
        self.welcome.folder_wanted.connect(self.files.choose_folder)
        self.welcome.open_wanted.connect(self.files.choose_file)
        self.welcome.file_chosen.connect(self.files.open)
        self.standby.changed.connect(lambda: self.engine_label.setText(self.standby.text))
        self.controller.started.connect(self._on_started)
        self.controller.refused.connect(self._on_refused)
        self.commands.setting_wanted.connect(self._show_setting)
        self.data_page.setting_wanted.connect(self._show_setting)
        self.data_page.folder_wanted.connect(self.files.choose_folder)
        self.data_page.refusals_changed.connect(self._refresh_problems)
        self.train_page.start_requested.connect(self.commands.start)
        self.train_page.continue_requested.connect(self.commands.continue_run)
        self.train_page.open_folder_requested.connect(open_folder)
        self.train_page.open_run_requested.connect(lambda: self.pages.setCurrentWidget(self.runs_page))
        self.train_page.run_state_changed.connect(self._refresh_run)
        self.runs_page.run_opened.connect(self.show_run)
        self.runs_page.open_folder_requested.connect(open_folder)
        self.runs_page.start_requested.connect(self.commands.start)
        self.runs_page.continue_requested.connect(self.commands.continue_run)

    def _connect_actions(self) -> None:
        actions, files = self.actions_, self.files
        for name, slot in {
            "new_folder": files.choose_folder,
            "new_empty": files.new_empty,
            "open": files.choose_file,
            "save": lambda: files.save(),
            "save_as": lambda: files.save_as(),
            "quit": self.close,
            "undo": self.project.undo,
            "redo": self.project.redo,
            "settings_panel": lambda: self.panel.setVisible(not self.panel.isVisible()),
            "show_tree": lambda: self._show_settings("tree"),
            "show_yaml": lambda: self._show_settings("yaml"),
            "about": lambda: QMessageBox(QMessageBox.Icon.NoIcon, "About", about_text(), parent=self).open(),
            "shortcuts": self._show_shortcuts,
        }.items():
            actions[name].triggered.connect(lambda _=False, slot=slot: slot())

    # ------------------------------------------------------------------ project

    def _show_project(self) -> None:
        if not self.messages.button.isVisible():  # no question, but a sentence about what was before
            self.messages.hide()
        self._leave_welcome()
        self._show_runs_of_project()
        self.tools.watch_functions()
        if self.project.path is None and self.project.value("data.train_dir"):
            self.pages.setCurrentWidget(self.data_page)  # new data is looked at before anything is trained on it
        self.panel.setFocus()

    def _leave_welcome(self) -> None:
        self.center.setCurrentWidget(self.splitter)
        self.problems_button.show()
        self._refresh_actions()

    def _show_runs_of_project(self) -> None:
        runs_dir = self.project.value("output.runs_dir")
        if isinstance(runs_dir, str) and runs_dir:
            self.runs_page.set_runs_dir(resolve(runs_dir, self.project.base_dir))

    def _refresh_title(self) -> None:
        self.setWindowTitle(f"{self.project.title}[*] — ModelGardener")
        self.setWindowModified(self.project.is_dirty)
        self._refresh_actions()

    def _refresh_problems(self) -> None:
        problems = self._problems()
        count = len(problems)
        self.problems_button.setIcon(icon("triangle-alert", "error") if count else icon("circle-check", "accent"))
        self.problems_button.setText(f"{count} problem{'s' if count > 1 else ''}" if count else "Settings in order")
        self.problems_button.setToolTip("\n".join(map(str, problems[:12])) or "All settings are valid")

    def _problems(self) -> tuple[Problem, ...]:
        """Those of the settings, then what the Data page found that a training refuses."""
        return self.project.problems + self.data_page.refusals

    def _jump_to_problem(self) -> None:
        if problems := self._problems():
            self._leave_welcome()
            self.panel.show()
            self.panel.jump_to(problems[0])

    def _offer_reload(self) -> None:
        if self.project.file_is_missing:
            self.messages.say(f"{self.project.title} was moved or deleted. Save writes it again.", tone="warning")
        else:
            self.messages.ask(f"{self.project.title} was changed by another program.", "Reload", self._reload)

    def _reload(self) -> None:
        try:
            self.project.reload()
        except Exception as error:
            self.messages.say(str(error), tone="error")

    def offer_recovery(self) -> None:
        """Offer work that a crash left behind."""
        for file, recovery in list(recoverable().items())[:1]:
            name = recovery.path.name if recovery.path else "an unsaved configuration"

            def take(file: Path = file, recovery: object = recovery) -> None:
                self.project.recover(recovery)  # type: ignore[arg-type]
                discard(file)
                self._show_project()

            self.messages.ask(f"Unsaved changes to {name} were kept when ModelGardener last ended.", "Restore", take)

    # ------------------------------------------------------------------ runs

    def show_page(self, number: int) -> None:
        """Show a page by its place, from 0."""
        self._leave_welcome()
        self.pages.setCurrentIndex(number)

    def show_run(self, path: Path) -> None:
        """Show a run, live or old, on the Train page."""
        self._leave_welcome()
        self.pages.setCurrentWidget(self.train_page)
        self.train_page.show_run(path)
        self.settings.setValue("last_run", str(path))
        self.settings.sync()

    def reattach(self) -> None:
        """Show the run that was on screen last, if it is still being trained."""
        self.settings.sync()
        last = self.settings.value("last_run", "")
        if not isinstance(last, str) or not last or not (Path(last) / "run.json").is_file():
            return
        folder = RunFolder(Path(last))
        with contextlib.suppress(RunError):
            record = folder.read_record()
            if record.process is not None and record.process.is_alive():
                config_path = Path(record.config_path) if record.config_path else folder.config_path
                if config_path.is_file():
                    self.files.open(config_path)
                self.show_run(folder.path)

    def _on_started(self, path: Path) -> None:
        self.messages.hide()
        self.show_run(path)
        self.train_page.expect_session()

    def _on_refused(self, message: str, key: str) -> None:
        self.messages.say(message, tone="error")
        if key:
            self._show_setting(key)

    def _show_setting(self, key: str) -> None:
        problem = next((problem for problem in self.project.problems if problem.key == key), Problem(key, ""))
        self.panel.show()
        self.panel.jump_to(problem)

    def _refresh_run(self) -> None:
        followed = self.train_page.followed
        if followed is None:
            self.run_status.show_run("", None, None)
        else:
            self.run_status.show_run(followed.path.name, followed.state, followed.status)
            if followed.status is not None and not (followed.status.is_active or self._standby_delay.isActive()):
                self._standby_delay.start()
        self._refresh_actions()

    def _prepare_standby(self) -> None:
        if not self._closing and not self.commands.is_active:
            self.standby.prepare()

    def _refresh_actions(self) -> None:
        actions = self.actions_
        has_project = self.center.currentWidget() is self.splitter
        self.commands.refresh(has_project=has_project)
        self.tools.refresh(has_project=has_project)
        actions["undo"].setEnabled(self.project.can_undo)
        actions["redo"].setEnabled(self.project.can_redo)
        actions["save"].setEnabled(self.project.is_dirty or self.project.path is None)

    # ------------------------------------------------------------------ window

    def set_theme(self, mode: ThemeMode) -> None:
        """Switch between light, dark and the system's choice, and remember it."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, mode)
        self.settings.setValue("theme", theme_mode())

    def _show_settings(self, view: str) -> None:
        self._leave_welcome()
        self.panel.show()
        self.panel.show_view(view)

    def _show_shortcuts(self) -> None:
        text = shortcuts_text(self.actions_.with_shortcuts())
        QMessageBox(QMessageBox.Icon.NoIcon, "Keyboard shortcuts", text, parent=self).open()

    def _restore_layout(self) -> None:
        geometry, sizes = self.settings.value("geometry"), self.settings.value("splitter")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        else:
            self.resize(1280, 800)
        if isinstance(sizes, QByteArray):
            self.splitter.restoreState(sizes)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files.open_anything(paths[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._closing:
            self._let_go()
            event.accept()
            return
        event.ignore()
        self.files.guard(self._ask_about_run)

    def _ask_about_run(self) -> None:
        followed = self.train_page.followed
        if followed is None or not self.commands.is_active:
            self._close_now()
            return
        box = RunningQuestion(self, followed.path.name)
        self.files.question = box
        box.keep.clicked.connect(self._close_now)
        box.stop.clicked.connect(self.commands.stop_now)
        box.stop.clicked.connect(self._close_now)
        box.open()

    def _close_now(self) -> None:
        QTimer.singleShot(0, self, self.close_without_asking)

    def close_without_asking(self) -> None:
        """Close; unsaved changes are given up and a running training goes on."""
        self._closing = True
        self.close()

    def _let_go(self) -> None:
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("splitter", self.splitter.saveState())
        self._watch.stop()
        self.files.close()
        self.tools.close()
        self.data_page.close_down()
        self.train_page.show_run(None)
        self.standby.close()
        self.project.close()
