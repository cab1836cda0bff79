"""The Runs page: every run in a table, kept up to date off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QThreadPool
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.pages.runs import page as page_module
from app.pages.runs.page import RunsPage
from app.pages.runs.summaries import SummaryCache
from tests.app.run_writer import DEAD, RunWriter
from trainer.errors import RunError
from trainer.runs import events as e
from trainer.runs.state import Status


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def make_page(qtbot: QtBot, settings: QSettings) -> Callable[[Path], RunsPage]:
    def make(runs_dir: Path) -> RunsPage:
        page = RunsPage(settings)
        qtbot.addWidget(page, before_close_func=lambda _: (page.hide(), QThreadPool.globalInstance().waitForDone()))
        page.resize(1000, 500)
        page.show()
        page.set_runs_dir(runs_dir)
        return page

    return make


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """Three runs: a completed one, a lost one, an active one."""
    folder = tmp_path / "runs"
    done = RunWriter(folder, project="flowers")
    done.prepare()
    done.train([1.0, 0.25], epochs=2, val_dice=0.75)
    done.end(e.Outcome.COMPLETED, e.Reason.ALL_EPOCHS_DONE)
    lost = RunWriter(folder)
    lost.prepare()
    lost.train([0.5])
    lost.set_process(DEAD)
    RunWriter(folder).prepare()
    return folder


def cells(page: RunsPage, title: str) -> list[str]:
    """Texts of a column from top to bottom."""
    titles = [column.title for column in page.model.columns]
    rows = page.table.sorted_runs
    return [rows.index(row, titles.index(title)).data() for row in range(rows.rowCount())]


def wait_for(qtbot: QtBot, page: RunsPage, names: set[str]) -> None:
    qtbot.waitUntil(lambda: set(cells(page, "Name")) == names, timeout=10_000)


def sort(page: RunsPage, title: str, order: Qt.SortOrder) -> None:
    page.table.sortByColumn([column.title for column in page.model.columns].index(title), order)


def test_all_runs_are_listed_with_what_came_out(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path
) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    sort(page, "Name", Qt.SortOrder.AscendingOrder)
    assert cells(page, "Status") == ["Completed", "Lost", "Starting"]
    assert cells(page, "Epochs") == ["2 / 2", "1 / 10", "0"]
    assert cells(page, "Best epoch") == ["2", "1", ""]
    assert cells(page, "val_loss") == ["0.2500", "0.5000", ""]
    assert cells(page, "val_dice") == ["0.7500", "", ""]
    assert cells(page, "Duration") == ["4.0 s", "2.0 s", ""]
    assert cells(page, "Model") == ["SmallCnn"] * 3
    assert page.count.text() == "3 runs"


def test_sorting_is_by_value_and_missing_values_stay_last(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], tmp_path: Path
) -> None:
    folder = tmp_path / "runs"
    for loss in (10.0, 9.5, 0.001, float("nan")):
        run = RunWriter(folder)
        run.prepare()
        run.train([loss])
    for _ in range(7):
        RunWriter(folder)
    page = make_page(folder)
    wait_for(qtbot, page, {f"exp{number}" for number in range(1, 12)})
    sort(page, "val_loss", Qt.SortOrder.AscendingOrder)
    assert cells(page, "val_loss")[:3] == ["0.00100", "9.5000", "10.00"]
    sort(page, "val_loss", Qt.SortOrder.DescendingOrder)
    assert cells(page, "val_loss")[:3] == ["10.00", "9.5000", "0.00100"]
    sort(page, "Name", Qt.SortOrder.AscendingOrder)
    assert cells(page, "Name")[-3:] == ["exp9", "exp10", "exp11"]


def test_new_and_removed_runs_and_progress_show_up_by_themselves(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "_RESCAN_INTERVAL_MS", 100)
    folder = tmp_path / "runs"
    first = RunWriter(folder)
    page = make_page(folder)
    wait_for(qtbot, page, {"exp1"})
    page.table.selectRow(0)
    first.prepare()
    first.train([1.0])
    second = RunWriter(folder)
    wait_for(qtbot, page, {"exp1", "exp2"})
    sort(page, "Name", Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: cells(page, "Status")[0] == "Running")
    first.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    qtbot.waitUntil(lambda: cells(page, "Status")[0] == "Stopped")
    second.path.rename(tmp_path / "elsewhere")
    wait_for(qtbot, page, {"exp1"})


def test_a_selection_survives_a_refresh(qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    page.table.select_run(runs_dir / "exp2")
    RunWriter(runs_dir)
    page.refresh()
    wait_for(qtbot, page, {"exp1", "exp2", "exp3", "exp4"})
    assert [run.name for run in page.table.selected_runs()] == ["exp2"]


def test_an_empty_folder_offers_to_start(qtbot: QtBot, make_page: Callable[[Path], RunsPage], tmp_path: Path) -> None:
    page = make_page(tmp_path / "missing")
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.start_requested):
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)


def test_a_damaged_run_is_counted_and_does_not_hide_the_others(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path
) -> None:
    (runs_dir / "exp2" / "run.json").write_text("{ torn")
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp3"})
    qtbot.waitUntil(lambda: page.count.text() == "2 runs · 1 unreadable")


def test_the_filter_wants_every_word(qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    page.filter.setText("SMALLCNN lost")
    assert cells(page, "Name") == ["exp2"]
    assert page.count.text() == "1 of 3 runs"
    page.filter.clear()
    assert len(cells(page, "Name")) == 3


def test_enter_and_double_click_open_a_run(qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    page.table.select_run(runs_dir / "exp1")
    with qtbot.waitSignal(page.run_opened) as opened:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert opened.args == [runs_dir / "exp1"]
    place = page.table.visualRect(page.table.selectionModel().selectedRows()[0]).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    with qtbot.waitSignal(page.run_opened):
        qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_ctrl_c_copies_the_columns_shown_as_tsv(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path
) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    page.table.select_run(runs_dir / "exp1")
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    heading, row, end = QGuiApplication.clipboard().text().split("\n")
    assert heading.split("\t")[:3] == ["Name", "Status", "Model"]
    assert row.split("\t")[:3] == ["exp1", "Completed", "SmallCnn"]
    assert "seed" not in heading.lower()
    assert end == ""


def test_the_choice_of_columns_widths_and_sorting_is_remembered(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path
) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    actions = {action.text(): action for action in page.table.column_menu().actions()}
    assert not actions["Name"].isEnabled() and not actions["Seed"].isChecked()
    actions["Seed"].trigger()
    actions["Project"].trigger()
    titles = [column.title for column in page.model.columns]
    page.table.setColumnWidth(titles.index("Model"), 177)
    sort(page, "val_loss", Qt.SortOrder.AscendingOrder)
    again = make_page(runs_dir)
    wait_for(qtbot, again, {"exp1", "exp2", "exp3"})
    assert not again.table.isColumnHidden(titles.index("Seed"))
    assert again.table.isColumnHidden(titles.index("Project"))
    assert again.table.columnWidth(titles.index("Model")) == 177
    assert cells(again, "val_loss") == ["0.2500", "0.5000", ""]


def test_a_run_goes_to_the_trash_only_after_the_question(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trash = tmp_path / "trash"
    trash.mkdir()

    class FakeFile:
        @staticmethod
        def moveToTrash(path: str) -> tuple[bool, str]:
            Path(path).rename(trash / Path(path).name)
            return True, str(trash)

    monkeypatch.setattr(page_module, "QFile", FakeFile)
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    page.table.select_run(runs_dir / "exp1")
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert page.message.isVisible() and "exp1" in page.message.text.text()
    qtbot.keyClick(page.message, Qt.Key.Key_Escape)
    assert not page.message.isVisible() and (runs_dir / "exp1").exists()
    page.ask_to_trash()
    qtbot.mouseClick(page.message.button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, page, {"exp2", "exp3"})
    assert (trash / "exp1").exists()


def test_an_active_run_is_not_moved_to_the_trash(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path
) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    page.table.select_run(runs_dir / "exp3")
    page.ask_to_trash()
    assert "Stop it before" in page.message.text.text()
    assert not page.message.button.isVisible()


def test_the_menu_offers_continue_only_where_it_leads_somewhere(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], runs_dir: Path
) -> None:
    page = make_page(runs_dir)
    wait_for(qtbot, page, {"exp1", "exp2", "exp3"})
    offered = {}
    for name in ("exp1", "exp2", "exp3"):
        page.table.select_run(runs_dir / name)
        actions = {action.text().split("\t")[0]: action for action in page.context_menu().actions()}
        offered[name] = actions["Continue"].isEnabled()
    assert offered == {"exp1": False, "exp2": True, "exp3": False}


def test_finished_runs_are_read_once_and_active_ones_only_for_news(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.train([1.0])
    cache = SummaryCache()
    assert cache.get(run.path).epochs_done == 1
    run.add(e.EpochEnded(epoch=2, metrics={"val_loss": 0.5}, learning_rate=1, duration_s=1))
    assert cache.get(run.path).epochs_done == 2
    run.end(e.Outcome.COMPLETED, e.Reason.ALL_EPOCHS_DONE)
    assert cache.get(run.path).status is Status.COMPLETED
    assert cache.get(run.path).status is Status.COMPLETED
    assert cache.num_full_reads == 1
    run.start(session=2)
    assert cache.get(run.path).status is Status.STARTING


def test_a_worker_that_dies_is_noticed_although_no_event_says_so(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    cache = SummaryCache()
    assert cache.get(run.path).status is Status.STARTING
    run.set_process(DEAD)
    assert cache.get(run.path).status is Status.LOST


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        SummaryCache().get(tmp_path)
