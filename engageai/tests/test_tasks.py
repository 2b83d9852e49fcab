"""Tasks in threads: a few at once, no more waiting than allowed, and a stop that waits for what runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django_tasks import TaskContext, TaskResultStatus, task

from engageai import tasks

PATIENCE_S = 30.0
gate = threading.Event()
began = threading.Semaphore(0)
done: list[str] = []


@task
def wait(name: str) -> None:
    began.release()
    gate.wait(PATIENCE_S)
    done.append(name)


@task
def until_stopped() -> None:
    began.release()
    tasks.stopping.wait(PATIENCE_S)
    done.append("stopped")


@task
def fail() -> None:
    raise ValueError("on purpose")


@task(takes_context=True)
def tell(context: TaskContext, name: str) -> None:
    done.append(f"{name} {context.attempt}")


@pytest.fixture(autouse=True)
def backend(settings: Any) -> Iterator[None]:
    options = {"workers": 2, "queue": 3}
    settings.TASKS = {"default": {"BACKEND": "engageai.tasks.ThreadBackend", "OPTIONS": options}}
    gate.clear()
    done.clear()
    while began.acquire(blocking=False):
        pass
    yield
    gate.set()
    tasks.stop()


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_task_runs_in_another_thread_and_its_caller_does_not_wait() -> None:
    result = wait.enqueue("one")
    assert result.status in (TaskResultStatus.READY, TaskResultStatus.RUNNING)
    gate.set()
    eventually(lambda: result.status == TaskResultStatus.SUCCESSFUL)
    assert done == ["one"]
    assert result.finished_at is not None


def test_no_more_run_at_once_than_there_are_workers() -> None:
    for name in ("one", "two", "three"):
        wait.enqueue(name)
    assert began.acquire(timeout=PATIENCE_S)
    assert began.acquire(timeout=PATIENCE_S)
    assert not began.acquire(timeout=0.05)
    gate.set()
    eventually(lambda: len(done) == 3)


def test_no_more_wait_than_are_allowed_from_whichever_thread() -> None:
    for name in ("one", "two", "three"):
        thread = threading.Thread(target=wait.enqueue, args=(name,))
        thread.start()
        thread.join()
    with pytest.raises(tasks.Full):
        wait.enqueue("four")
    gate.set()
    eventually(lambda: len(done) == 3)
    eventually(lambda: tasks.counts() == {"default": (0, 0)})
    wait.enqueue("five")
    eventually(lambda: "five" in done)


def test_a_task_that_fails_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    result = fail.enqueue()
    gate.set()
    wait.enqueue("next")
    eventually(lambda: done == ["next"])
    eventually(lambda: "on purpose" in caplog.text)
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is ValueError


def test_a_task_may_ask_how_often_it_was_tried() -> None:
    tell.enqueue("told")
    eventually(lambda: done == ["told 1"])


def test_a_stop_waits_for_what_runs_and_starts_nothing_more() -> None:
    for _ in range(2):
        until_stopped.enqueue()
    wait.enqueue("never")
    assert began.acquire(timeout=PATIENCE_S)
    assert began.acquire(timeout=PATIENCE_S)
    tasks.stop()
    assert done == ["stopped", "stopped"]
    assert tasks.counts() == {}


def test_a_stop_does_not_wait_for_ever_and_says_so() -> None:
    wait.enqueue("slow")
    assert began.acquire(timeout=PATIENCE_S)
    assert not tasks.stop(0.01)
    assert tasks.stopping.is_set()
    gate.set()
    eventually(lambda: done == ["slow"])
    assert tasks.stop()
    assert not tasks.stopping.is_set()


def test_one_that_is_given_up_makes_room_for_the_next_and_takes_none_itself() -> None:
    for name in ("one", "two", "three"):
        wait.enqueue(name)
    assert began.acquire(timeout=PATIENCE_S)
    assert began.acquire(timeout=PATIENCE_S)
    assert tasks.holds("default", "three")
    tasks.give_up("default", "one")
    assert began.acquire(timeout=PATIENCE_S)
    assert not tasks.holds("default", "one")
    assert tasks.counts() == {"default": (0, 2)}
    gate.set()
    eventually(lambda: sorted(done) == ["one", "three", "two"])
    eventually(lambda: tasks.counts() == {"default": (0, 0)})


def test_a_task_is_held_until_it_has_ended() -> None:
    wait.enqueue("one")
    assert tasks.holds("default", "one")
    assert not tasks.holds("speech", "one")
    gate.set()
    eventually(lambda: not tasks.holds("default", "one"))
