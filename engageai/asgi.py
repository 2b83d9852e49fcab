"""The server's entry: limits around Django for pages, and around Channels for sockets."""

from __future__ import annotations

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engageai.settings")
pages = get_asgi_application()  # before anything that needs the apps to be loaded

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import SessionMiddlewareStack  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from engageai.api.gate import Gate  # noqa: E402
from engageai.arrivals import Arriving  # noqa: E402
from engageai.crowd import Crowd  # noqa: E402
from engageai.endings import UntilWiped  # noqa: E402
from engageai.lifecycle import Lifecycle  # noqa: E402
from engageai.limits import App, BodyLimit, ExactOrigin, nowhere  # noqa: E402
from engageai.live.urls import websocket_urlpatterns as live  # noqa: E402
from engageai.meters import Metered  # noqa: E402
from engageai.presence.urls import websocket_urlpatterns as presence  # noqa: E402
from engageai.proxies import Forwarded  # noqa: E402
from engageai.tracing import Traced  # noqa: E402
from engageai.upload.urls import websocket_urlpatterns as upload  # noqa: E402

sockets = SessionMiddlewareStack(URLRouter([*upload, *live, *presence, re_path(r"", cast(Any, nowhere))]))
served = ProtocolTypeRouter(
    {"http": UntilWiped(Arriving(cast(App, pages))), "websocket": ExactOrigin(Crowd(sockets), settings.ORIGINS)}
)
trusted = settings.TRUSTED_PROXIES
application = Lifecycle(Traced(Forwarded(Gate(BodyLimit(Metered(served))), trusted), trusted))
