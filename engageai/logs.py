"""How a line of the log looks, and what never stands in one: no file name, no words of a talk, no query, no cookie.

Every line says to which request or job it belongs. What Django says about a request that failed may repeat what the
request held, so of such an exception only its kind and its place are told, never its text.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request or socket that is being answered; threads that work for it have it too."""
job: ContextVar[str] = ContextVar("job", default="")

OF_REQUESTS: Final = ("django.request", "django.security", "django.template")
QUERY: Final = re.compile(r"\?[^\s\"']*")
CHATTY: Final = ("django", "uvicorn", "websockets")  # at DEBUG: cookies, SQL, every message of a socket
WORDY: Final = ("django.db", "httpx", "httpcore", "urllib3", "faster_whisper", "asyncio")  # at INFO too
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FIELDS: Final = ("method", "path", "status", "duration_ms")  # that a record may carry beside its message


@contextmanager
def in_job(name: str) -> Iterator[None]:
    token = job.set(name)
    try:
        yield
    finally:
        job.reset(token)


class Discreet(logging.Filter):
    """Takes the query out of what other packages log of addresses: uvicorn of sockets, HTTP clients of their calls."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        record.msg, record.args = QUERY.sub("", message) if "?" in message and "/" in message else message, None
        return True


class Json(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record), default=str)


class Line(logging.Formatter):
    """For a terminal. What a message holds cannot begin a line of its own; only a traceback does."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        told = " ".join(str(fields[name]) for name in FIELDS if name in fields)
        mark = " ".join(fields[name] for name in ("request_id", "job") if name in fields)
        words = CONTROL.sub(" ", " ".join(filter(None, (fields["message"], told))))
        line = f"{fields['time']} {fields['level']} {fields['logger']}: {words}{f' [{mark}]' if mark else ''}"
        return "\n".join([line, *fields.get("error", ())])


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    fields |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    fields |= {var.name: var.get() for var in (request_id, job) if var.get()}
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = _error(record.exc_info[1], is_request=record.name.startswith(OF_REQUESTS))
    return fields


def _error(error: BaseException, *, is_request: bool) -> list[str]:
    """The kind of an exception and where it came from, innermost first. Its text only where no visitor wrote it."""
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        text = "" if is_request else CONTROL.sub(" ", str(cause))
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}{f': {text}' if text else ''}")
        frames = traceback.extract_tb(cause.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return lines


def configuration(style: str, level: str) -> dict[str, Any]:
    """For settings.LOGGING. `style`: json or line. Whose lines repeat what they are sent has a level of its own."""
    told = {"handlers": [], "level": "INFO", "propagate": True}
    quiet = told | {"level": "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"discreet": {"()": "engageai.logs.Discreet"}},
        "formatters": {"json": {"()": "engageai.logs.Json"}, "line": {"()": "engageai.logs.Line"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": style, "filters": ["discreet"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **dict.fromkeys(CHATTY, told),
            **dict.fromkeys(WORDY, quiet),
            "uvicorn.access": {"propagate": False},  # engageai.tracing has a line of its own for each request
        },
    }
