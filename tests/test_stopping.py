"""Signals as exceptions."""

import json
import signal
import threading

import pytest

from kerasalign.support.json_lines import JsonLines
from kerasalign.support.stopping import Stopped, stops_cleanly


def test_a_second_signal_does_not_end_the_saving():
    saved = False
    with pytest.raises(Stopped) as stop, stops_cleanly():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            saved = True
    assert saved and stop.value.code == 143


def test_a_signal_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stops_cleanly():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_threads_leave_signals_alone():
    handlers = []

    def work():
        with stops_cleanly():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGTERM)]


def test_lines_become_one_document(tmp_path):
    with JsonLines(tmp_path / "lines.jsonl") as lines:
        for number in range(3):
            lines.write({"n": number})
        lines.assemble(tmp_path / "all.json", '{"fps": 25, "frames": [', "]}")
    assert json.loads((tmp_path / "all.json").read_text()) == {"fps": 25, "frames": [{"n": n} for n in range(3)]}
    assert not lines.path.exists()


def test_lines_stay_where_the_document_cannot_be_written(tmp_path):
    (tmp_path / "all.json" / "x").mkdir(parents=True)
    with JsonLines(tmp_path / "lines.jsonl") as lines:
        lines.write([1])
        with pytest.raises(OSError, match=r"What was found is in .*lines\.jsonl"):
            lines.assemble(tmp_path / "all.json")
    assert lines.path.read_text() == "[1]\n"
