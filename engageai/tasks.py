"""A django-tasks backend that runs tasks in threads of this process. Knows nothing of what they do.

What is queued dies with the process: whoever enqueues keeps a row that says what has to be done, and enqueues it again
when the server starts. Django gives each thread its own backend object, so the pool belongs to the module. Its threads
end with the process, whatever they do: no task that hangs can keep the server from stopping.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from django.db import connections
from django.utils import timezone
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskContext, TaskError, TaskResult, TaskResultStatus
from django_tasks.signals import task_enqueued, task_finished, task_started
from django_tasks.utils import get_exception_traceback, get_module_path, get_random_id

from engageai import logs

STOP_S: Final = 3.0

stopping = threading.Event()
"""Set when the server stops: a long task ends at its next step, so that a restart finds it waiting."""

_lock = threading.Lock()
_pools: dict[str, _Pool] = {}

Work = Callable[[TaskResult[Any]], None]


class Full(Exception):
    """As many tasks wait or run as are allowed."""


class ThreadBackend(BaseTaskBackend):
    """OPTIONS: `workers`, how many run at once; `queue`, how many may wait or run."""

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        self.validate_task(task)
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=get_random_id(),
            status=TaskResultStatus.READY,
            enqueued_at=timezone.now(),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=args,
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        with _lock:
            pool = _pools.setdefault(self.alias, _Pool(self.options["workers"]))
        pool.submit(self._work, result, self.options["queue"])
        task_enqueued.send(type(self), task_result=result)
        return result

    def _work(self, result: TaskResult[Any]) -> None:
        try:
            if not stopping.is_set():
                with logs.in_job(str(result.args[0]) if result.args else result.id):
                    self._execute(result)
        finally:
            connections.close_all()

    def _execute(self, result: TaskResult[Any]) -> None:
        now = timezone.now()
        result.worker_ids.append(threading.current_thread().name)
        _set(result, status=TaskResultStatus.RUNNING, started_at=now, last_attempted_at=now)
        task_started.send(type(self), task_result=result)
        context = (TaskContext(task_result=result),) if result.task.takes_context else ()
        try:
            result.task.call(*context, *result.args, **result.kwargs)
        except Exception as error:
            path, traceback = get_module_path(type(error)), get_exception_traceback(error)
            result.errors.append(TaskError(exception_class_path=path, traceback=traceback))
            _set(result, status=TaskResultStatus.FAILED, finished_at=timezone.now())
            task_finished.send(type(self), task_result=result)  # logs what is being handled
        else:
            _set(result, status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now())
            task_finished.send(type(self), task_result=result)


class _Pool:
    """A queue and the threads that empty it. One that is given up goes on to its end and takes no further task."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._waiting: deque[tuple[Work, TaskResult[Any]]] = deque()
        self._running: dict[threading.Thread, TaskResult[Any]] = {}
        self._threads: set[threading.Thread] = set()
        self._changed = threading.Condition()
        self._is_closed = False

    def submit(self, work: Work, result: TaskResult[Any], most: int) -> None:
        with self._changed:
            if self._is_closed or len(self._waiting) + len(self._running) >= most:
                raise Full
            self._waiting.append((work, result))
            self._man()
            self._changed.notify()

    def held(self) -> tuple[list[TaskResult[Any]], list[TaskResult[Any]]]:
        """What waits, and what runs."""
        with self._changed:
            return [result for _, result in self._waiting], list(self._running.values())

    def give_up(self, name: str) -> None:
        with self._changed:
            for thread, result in list(self._running.items()):
                if name in result.args:
                    self._threads.discard(thread)
                    del self._running[thread]
            self._man()
            self._changed.notify_all()

    def stop(self, limit_s: float) -> bool:
        """Whether all that ran has ended in time."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._running, limit_s)

    def _man(self) -> None:
        idle = len(self._threads) - len(self._running)
        for _ in range(min(len(self._waiting) - idle, self._workers - len(self._threads))):
            thread = threading.Thread(target=self._serve, name="job", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _serve(self) -> None:
        me = threading.current_thread()
        try:
            while work_and_result := self._next(me):
                work, result = work_and_result
                work(result)
        finally:
            with self._changed:
                self._threads.discard(me)
                self._running.pop(me, None)
                self._changed.notify_all()

    def _next(self, me: threading.Thread) -> tuple[Work, TaskResult[Any]] | None:
        with self._changed:
            self._running.pop(me, None)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._is_closed or me not in self._threads)
            if self._is_closed or me not in self._threads:
                return None
            work, result = self._waiting.popleft()
            self._running[me] = result
            return work, result


def _set(result: TaskResult[Any], **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(result, name, value)  # as django-tasks' own backends do: a result is frozen for its readers


def counts() -> dict[str, tuple[int, int]]:
    """How many tasks wait and how many run, by the backend's name."""
    with _lock:
        pools = dict(_pools)
    return {alias: (len(waiting), len(running)) for alias, pool in pools.items() for waiting, running in [pool.held()]}


def holds(alias: str, name: str) -> bool:
    """Whether a task of which `name` is an argument waits or runs here."""
    with _lock:
        pool = _pools.get(alias)
    return pool is not None and any(name in result.args for results in pool.held() for result in results)


def give_up(alias: str, name: str) -> None:
    """Let another thread take the place of the one that runs the task of which `name` is an argument."""
    with _lock:
        pool = _pools.get(alias)
    if pool is not None:
        pool.give_up(name)


def stop(limit_s: float = STOP_S) -> bool:
    """Wait for the running tasks to notice and end; what waits is not started. Later tasks start new threads.

    Whether all ended in time: those that did not are left behind, and `stopping` stays set for them.
    """
    stopping.set()
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    end_s = time.monotonic() + limit_s
    ended = [pool.stop(max(end_s - time.monotonic(), 0.0)) for pool in pools]
    if not all(ended):
        return False
    stopping.clear()
    return True
