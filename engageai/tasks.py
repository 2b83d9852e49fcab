"""A django-tasks backend that runs tasks in threads of this process. Knows nothing of what they do.

What is queued dies with the process: whoever enqueues keeps a row that says what has to be done, and enqueues it again
when the server starts. Django gives each thread its own backend object, so the pool belongs to the module.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections
from django.utils import timezone
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskContext, TaskError, TaskResult, TaskResultStatus
from django_tasks.signals import task_enqueued, task_finished, task_started
from django_tasks.utils import get_exception_traceback, get_module_path, get_random_id

stopping = threading.Event()
"""Set when the server stops: a long task ends at its next step, so that a restart finds it waiting."""

_lock = threading.Lock()
_pools: dict[str, ThreadPoolExecutor] = {}
_waiting: dict[str, int] = {}


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
        self._submit(result)
        return result

    def _submit(self, result: TaskResult[Any]) -> None:
        with _lock:
            if _waiting.get(self.alias, 0) >= self.options["queue"]:
                raise Full
            if self.alias not in _pools:
                _pools[self.alias] = ThreadPoolExecutor(self.options["workers"], thread_name_prefix="job")
            _waiting[self.alias] = _waiting.get(self.alias, 0) + 1
            task_enqueued.send(type(self), task_result=result)
            _pools[self.alias].submit(self._work, result)

    def _work(self, result: TaskResult[Any]) -> None:
        try:
            if not stopping.is_set():
                self._execute(result)
        finally:
            connections.close_all()
            with _lock:
                _waiting[self.alias] -= 1

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


def _set(result: TaskResult[Any], **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(result, name, value)  # as django-tasks' own backends do: a result is frozen for its readers


def stop() -> None:
    """Wait for the running tasks to notice and end; what waits is not started. Later tasks start new threads."""
    stopping.set()
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    for pool in pools:
        pool.shutdown(wait=True)
    stopping.clear()
