"""What native libraries say about themselves is held back; what is wrong is passed on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from trainer.native_chatter import chatter_left_out, pass_on, without_native_chatter

CHATTER = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795277669.906802    6121 port.cc:153] oneDNN custom operations are on.
W0000 00:00:1737.1 1 computation_placer.cc:177] computation placer already registered.
E0000 00:00:1737.1 1 cuda_dnn.cc:8310] Unable to register cuDNN factory: one has already been registered
E0000 00:00:1737.1 1 cuda_platform.cc:51] failed call to cuInit: CUDA_ERROR_NO_DEVICE
W0000 00:00:1737.1 1 gpu_timer.cc:114] Skipping the delay kernel, measurement accuracy will be reduced
2024-05-31 12:00:00.123456: I external/local_xla/xla.cc:1] XLA service initialized
E0000 00:00:17.0 2 util.cc:131] oneDNN supports DT_INT32 only on platforms with AVX-512.
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.
"""
WRONG = """E0000 00:00:1737.1 1 session.cc:1] Out of memory
W0000 00:00:1737.1 1 gpu_device.cc:2341] Cannot dlopen some GPU libraries.
W0000 00:00:17.1 1 bfc_allocator.cc:501] Allocator (GPU_0_bfc) ran out of memory trying to allocate 12.00GiB
2024-05-31 12:00:00.123456: W external/local_xla/xla.cc:1] Falling back
2024-05-31 12:00 ERROR reader: I could not open a.jpg
To enable the following instructions on the robot press A
Traceback (most recent call last):
ImportError: no module
"""


@pytest.mark.parametrize("quiet", [without_native_chatter, chatter_left_out])
def test_only_what_is_wrong_is_passed_on(
    quiet: Callable[[], AbstractContextManager[None]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(ImportError), quiet():
        os.write(2, (CHATTER + WRONG).encode())
        raise ImportError
    assert capfd.readouterr().err == WRONG


def test_last_words_of_a_process_that_crashes_are_seen() -> None:
    code = (
        "import os; from trainer.native_chatter import chatter_left_out; held = chatter_left_out(); held.__enter__(); "
        "os.write(2, b'I0000 chatter\\nF0000 check failed'); os.abort()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode != 0
    assert ended.stderr == b"F0000 check failed"


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal are those of Unix here")
def test_the_filter_survives_an_interrupt_from_its_first_moment() -> None:
    code = (
        "import os, signal; from trainer.native_chatter import chatter_left_out\n"
        "with chatter_left_out():\n"
        "    try:\n"
        "        os.killpg(0, signal.SIGINT)\n"
        "        signal.pause()\n"
        "    except KeyboardInterrupt:\n"
        "        os.write(2, b'I0000 chatter\\nstopping\\n')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, start_new_session=True)
    assert (ended.returncode, ended.stderr) == (0, b"stopping\n")


def test_a_process_that_outlives_the_block_can_still_write() -> None:
    code = (
        "import subprocess, sys; from trainer import native_chatter\n"
        "native_chatter._PATIENCE_S = 0.05\n"
        'inner = \'import os; input(); os.write(2, bytes([10]).join([b"I0000 chatter", b"last", b""]))\'\n'
        "with native_chatter.chatter_left_out():\n"
        "    child = subprocess.Popen([sys.executable, '-c', inner], stdin=subprocess.PIPE)\n"
        "print('left', file=sys.stderr, flush=True)\n"
        "child.communicate(b'go')\n"
        "sys.exit(child.returncode)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"left\nlast\n")


def test_a_line_that_grows_is_passed_on_before_it_ends() -> None:
    (source, inlet), (outlet, target) = os.pipe(), os.pipe()
    thread = threading.Thread(target=pass_on, args=(source, target))
    thread.start()
    os.write(inlet, b"\rReading 1")
    assert os.read(outlet, 100) == b"\rReading 1"
    os.write(inlet, b" of 2\n")
    assert os.read(outlet, 100) == b" of 2\n"
    os.write(inlet, b"17/40")
    assert os.read(outlet, 100) == b"17/40"
    os.write(inlet, b"\nI0000 chat")
    assert os.read(outlet, 100) == b"\n"
    os.write(inlet, b"ter\nE0000 wrong\nend")
    os.close(inlet)
    thread.join()
    os.close(target)
    assert os.read(outlet, 100) == b"E0000 wrong\nend"
    os.close(source)
    os.close(outlet)
