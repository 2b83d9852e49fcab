"""How people reach EngageAI: settings, the ASGI server, its limits, and one app per thing that they come to do."""

from __future__ import annotations

__version__ = "0.1.0"
