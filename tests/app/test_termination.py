"""A run that was told to stop and does not react can be ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.pages.train.page import TrainPage
from app.project import Project
from app.training.run_controller import RunController
from app.training.standby import Standby
from app.widgets.message_bar import MessageBar
from app.window.termination import Termination
from tests.app.run_writer import RunWriter
from trainer.runs import events as e
from trainer.runs.commands import StopNow
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import Status


class Stage:
    """A Train page that follows a run, a message bar, and a clock that only moves when told."""

    def __init__(self, qtbot: QtBot, tmp_path: Path) -> None:
        self.qtbot = qtbot
        self.now = 100.0
        self.project = Project(recovery_folder=tmp_path / "recovery")
        self.controller = RunController(self.project, Standby())
        self.page, self.bar = TrainPage(), MessageBar()
        for widget in (self.page, self.bar):
            qtbot.addWidget(widget)
        self.page.show()
        self.termination = Termination(self.controller, self.page, self.bar, clock=lambda: self.now)
        self.run = RunWriter(tmp_path / "runs")
        self.run.prepare()
        self.run.train([0.9, 0.8])
        self.page.show_run(self.run.path)
        self.wait_for(Status.RUNNING)

    def wait_for(self, status: Status) -> None:
        self.qtbot.waitUntil(lambda: self.page.followed is not None and self.page.followed.status is status)

    def stop(self) -> None:
        self.controller.send(self.run.path, StopNow())
        self.run.add(e.StopRequested(when="now"))
        self.wait_for(Status.STOPPING)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.termination.look()

    def commands(self) -> str:
        return self.run.folder.commands_path.read_text(encoding="utf-8")


@pytest.fixture
def stage(qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(qtbot, tmp_path)
    yield stage
    stage.termination.close()
    stage.page.show_run(None)
    stage.project.close()


def test_nothing_is_offered_while_nobody_asked_to_stop(stage: Stage) -> None:
    stage.pass_time(60)
    assert not stage.bar.isVisible()


def test_after_ten_seconds_without_reaction_terminate_is_offered_and_says_what_is_lost(stage: Stage) -> None:
    stage.stop()
    stage.pass_time(9.5)
    assert stage.bar.isHidden()
    stage.pass_time(1)
    assert not stage.bar.isHidden()
    assert stage.bar.button.text() == "Terminate"
    assert "has not reacted to Stop for 10 s" in stage.bar.text.text()
    assert "what came after its last checkpoint (epoch 2) is lost" in stage.bar.text.text()
    stage.bar.button.click()
    assert '"terminate"' in stage.commands()


def test_a_run_that_moves_on_takes_the_offer_back(stage: Stage) -> None:
    stage.stop()
    stage.pass_time(11)
    stage.run.batches(3, 0.7)
    stage.qtbot.waitUntil(lambda: stage.bar.isHidden())
    stage.pass_time(9)
    assert stage.bar.isHidden()


def test_a_heartbeat_alone_is_no_reaction(stage: Stage) -> None:
    stage.stop()
    stage.run.add(e.ResourcesMeasured(cpu_percent=100.0, memory_bytes=1, machine_memory_bytes=2))
    stage.qtbot.waitUntil(lambda: len(stage.page.followed.state.resources) == 1)  # type: ignore[union-attr]
    stage.pass_time(11)
    assert not stage.bar.isHidden()


def test_a_stop_that_nobody_even_heard_is_counted_from_when_it_was_sent(stage: Stage) -> None:
    stage.controller.send(stage.run.path, StopNow())
    stage.pass_time(11)
    assert not stage.bar.isHidden()


def test_an_offer_that_was_put_away_does_not_come_back(stage: Stage) -> None:
    stage.stop()
    stage.pass_time(11)
    stage.bar.dismiss_button.click()
    stage.pass_time(30)
    assert stage.bar.isHidden()


def test_a_process_that_does_not_hear_terminate_is_killed_after_five_seconds_and_it_is_said(stage: Stage) -> None:
    program = "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); threading.Event().wait()"
    worker = subprocess.Popen([sys.executable, "-c", program])
    started = psutil.Process(worker.pid).create_time()
    stage.run.set_process(ProcessIdentity(process_id=worker.pid, start_time=started))
    stage.stop()
    stage.pass_time(11)
    stage.bar.button.click()
    stage.pass_time(4)
    assert worker.poll() is None, "it gets time to end by itself"
    stage.pass_time(2)
    worker.wait(timeout=10)
    assert "was killed" in stage.bar.text.text()
    assert "(epoch 2) is lost" in stage.bar.text.text()
    stage.wait_for(Status.LOST)


def test_a_run_that_ends_after_terminate_is_not_killed_and_nothing_more_is_said(stage: Stage) -> None:
    stage.stop()
    stage.pass_time(11)
    stage.bar.button.click()
    stage.run.end(e.Outcome.STOPPED, e.Reason.TERMINATED)
    stage.wait_for(Status.STOPPED)
    stage.pass_time(10)  # this process is the run's: being killed would be noticed
    assert stage.bar.isHidden()
