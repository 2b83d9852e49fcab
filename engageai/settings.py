"""The one settings file. Every limit is a named setting with a default; secrets come from outside or are made once.

Nothing has to be set: what is stored goes to var/ beside manage.py, and the server answers this machine alone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF

from analytics import purposes
from engageai import __version__
from engageai.env import envbool, envchoice, envint, envlist, envsecret, envtokens, generated_secret
from engageai.logs import configuration

ROOT = Path(__file__).resolve().parent.parent
VERSION = __version__
MIB = 1024 * 1024

DEBUG = envbool("DEBUG", False)
HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = envint("PORT", 8000, minimum=1)

# Everything that is stored: the database, and one folder for each session. The temporary files of an upload lie
# on the same file system, so that accepting it is one rename and not one more copy.
DATA_DIR = Path(os.environ.get("DATA_DIR") or ROOT / "var")
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = envsecret("SECRET_KEY") or generated_secret(DATA_DIR / "secret_key")

# Who may call. ORIGINS are exact scheme://host:port; a page of any other origin cannot open a socket.
HTTPS = envbool("HTTPS", False)
ALLOWED_HOSTS = envlist("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
ORIGINS = envlist("ORIGINS", [f"http://{host}:{PORT}" for host in ("127.0.0.1", "localhost", "[::1]")])
CSRF_TRUSTED_ORIGINS = [origin for origin in ORIGINS if origin.startswith("https://")]
# Addresses or networks of proxies; only what they say of a caller's address and scheme is believed.
TRUSTED_PROXIES = envlist("TRUSTED_PROXIES", [])

# Who may read /metrics from another machine: whoever says this in an Authorization header (Bearer).
METRICS_TOKEN = envsecret("METRICS_TOKEN") or ""

# Programs that may use the interface below /api/ say one of these (Authorization: Bearer); each has its own sessions.
# Without any the interface is off. What it asks of the other apps, none of which knows another, goes by these names.
API_TOKENS = envtokens("API_TOKEN", least=32)
API_SEAMS = {
    "take": "engageai.upload.views.take",
    "state": "engageai.upload.views.state_of",
    "begin_film": "engageai.film.jobs.begin",
    "resume_film": "engageai.film.jobs.resume",
}

# What a visitor may send, and how much of the machine it may take.
MAX_UPLOAD_MIB = envint("MAX_UPLOAD_MIB", 2048, minimum=1)
MAX_UPLOAD_BYTES = MAX_UPLOAD_MIB * MIB
MAX_MINUTES = envint("MAX_MINUTES", 180, minimum=1)
MAX_ANALYSIS_FPS = envint("MAX_ANALYSIS_FPS", 30, minimum=1)
MAX_QUEUED = envint("MAX_QUEUED", 3, minimum=1)  # recordings of one session that wait or run
MIN_FREE_MIB = envint("MIN_FREE_MIB", 1024)  # disk that an upload must leave free
SESSION_IDLE_MIN = envint("SESSION_IDLE_MIN", 30, minimum=1)
CLOSED_TAB_S = envint("CLOSED_TAB_S", 45, minimum=1)  # after its last page has closed, a session is wiped
SWEEP_EVERY_S = envint("SWEEP_EVERY_S", 5, minimum=1)  # it is looked for sessions that have to end
AFTER_WIPE = ["engageai.endings.tell", "engageai.metrics.wiped"]  # called with the session's id once its rows are gone
# What one visitor may ask for within an hour, and how many times that one address may, for a class behind it
# (but for pages: each opens a session).
PER_HOUR = {
    "uploads": envint("UPLOADS_PER_HOUR", 10, minimum=1),
    "pages": envint("PAGES_PER_HOUR", 600, minimum=1),  # each opens a session
    "exports": envint("EXPORTS_PER_HOUR", 300, minimum=1),
    "searches": envint("SEARCHES_PER_HOUR", 120, minimum=1),
    "sockets": envint("SOCKETS_PER_HOUR", 3000, minimum=1),
}
ADDRESS_FACTOR = envint("ADDRESS_FACTOR", 5, minimum=1)
MAX_SESSIONS = envint("MAX_SESSIONS", 1000, minimum=1)  # that are open at once: of all visitors, and of each
MAX_SESSIONS_PER_VISITOR = envint("MAX_SESSIONS_PER_VISITOR", 50, minimum=1)
MAX_SOCKETS = envint("MAX_SOCKETS", 256, minimum=1)  # of every kind that are open at once, likewise
MAX_SOCKETS_PER_VISITOR = envint("MAX_SOCKETS_PER_VISITOR", 24, minimum=1)
JOB_WORKERS = envint("JOB_WORKERS", 1, minimum=1)
JOB_QUEUE = envint("JOB_QUEUE", 20, minimum=1)  # recordings of all sessions that wait or run
ANALYSIS_FPS = envint("ANALYSIS_FPS", 5, minimum=1)
WEIGHTS_DIR = Path(os.environ["WEIGHTS_DIR"]) if os.environ.get("WEIGHTS_DIR") else None  # of another network
WARM_ENGINE = envbool("WARM_ENGINE", True)  # load the networks when the server starts, not with the first recording

# The webcam. A frame that comes sooner than LIVE_MAX_FPS allows waits, and is replaced when a newer one comes.
LIVE_MAX_FPS = envint("LIVE_MAX_FPS", 30, minimum=1)
LIVE_SOCKETS = envint("LIVE_SOCKETS", 16, minimum=1)  # of all sessions
LIVE_SOCKETS_PER_SESSION = envint("LIVE_SOCKETS_PER_SESSION", 2, minimum=1)
LIVE_THREADS = envint("LIVE_THREADS", os.cpu_count() or 1, minimum=1)  # that look for faces, for all sockets together
LIVE_IDLE_S = envint("LIVE_IDLE_S", 30, minimum=1)  # of silence, after which a socket is closed
LIVE_SLOW_S = envint("LIVE_SLOW_S", 10, minimum=1)  # that a result may lie unread, after which a socket is closed

# What the start page has chosen when it opens (analytics.purposes), and whom the notice names to ask.
PURPOSE_DEFAULT = envchoice("PURPOSE_DEFAULT", list(purposes.NAMES), "private")
NOTICE_CONTACT = os.environ.get("NOTICE_CONTACT") or ""

# What was said. The sound goes to Deepgram only when there is a key and the visitor agreed; otherwise it stays here.
DEEPGRAM_API_KEY = envsecret("DEEPGRAM_API_KEY") or ""
DEEPGRAM_MODEL = os.environ.get("DEEPGRAM_MODEL") or "nova-3"
DEEPGRAM_URL = os.environ.get("DEEPGRAM_URL") or "https://api.deepgram.com"  # another for tests
DEEPGRAM_TIMEOUT_S = envint("DEEPGRAM_TIMEOUT_S", 300, minimum=1)  # then this machine transcribes
SPEECH_THREADS = envint("SPEECH_THREADS", os.cpu_count() or 1, minimum=1)
# Called with the recording's id once its results can be seen.
AFTER_ANALYSIS = ["engageai.content.jobs.begin", "analytics.shelf.fill"]
BUNDLE_PARTS = ["engageai.content.bundle.parts"]  # called with a recording and its material for what else is in a ZIP

# What to read next. Searches are sent only when SCHOLARLY_ONLINE is on and the visitor agreed; the same holds for the
# transcript and Gemini. Without, there are links to searches elsewhere.
SCHOLARLY_ONLINE = envbool("SCHOLARLY_ONLINE", False)
CROSSREF_MAILTO = os.environ.get("CROSSREF_MAILTO") or ""  # where Crossref may tell of a problem: its polite pool
OPENALEX_KEY = envsecret("OPENALEX_KEY") or ""
GOOGLE_API_KEY = envsecret("GOOGLE_API_KEY") or ""
GEMINI_MODEL = os.environ.get("GEMINI_MODEL") or "gemini-flash-latest"
SCHOLARLY_STAND_INS = envlist("SCHOLARLY_STAND_INS", [])  # for tests: NAME=http://127.0.0.1:PORT, and no other host
SCHOLARLY_CONNECT_S = 3.0
SCHOLARLY_TOTAL_S = 8.0  # of one request, from its first byte to its last
SCHOLARLY_PAGE_S = 9.0  # of everything that is asked for one page
SCHOLARLY_MAX_BYTES = MIB  # of one answer, as sent and as unpacked
SCHOLARLY_INTERVALS_S = {"crossref": 1.0, "arxiv": 3.0, "openalex": 1.0}  # between two requests of this server

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    *(["daphne"] if "runserver" in sys.argv else []),  # makes `manage.py runserver` an ASGI server, and costs 0.5 s
    "engageai.apps.Staff",  # django.contrib.admin, with a log-in that tires
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "django_tasks",
    "engageai.apps.EngageAI",
    "analytics.apps.Analytics",
    "engageai.upload.apps.Upload",
    "engageai.live.apps.Live",
    "engageai.content.apps.Content",
    "engageai.scholarly.apps.Scholarly",
    "engageai.film.apps.Film",
    "engageai.api.apps.Api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "engageai.middleware.headers",
    "engageai.static.Files",
    "engageai.compression.pack",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "engageai.middleware.RejectedMiddleware",
]

ROOT_URLCONF = "engageai.urls"
ASGI_APPLICATION = "engageai.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# SQLite is the default, so one can check out the code, install requirements.txt and run. A writer takes its lock
# when the transaction begins: one that reads first and writes later would fail at once instead of waiting its turn.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            # What is deleted is overwritten: a wiped session leaves no words in the file.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; "
            "PRAGMA secure_delete=ON;",
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# Speech has a thread of its own, so that one recording's words do not hold up the next one's faces.
TASKS = {
    name: {"BACKEND": "engageai.tasks.ThreadBackend", "OPTIONS": {"workers": workers, "queue": JOB_QUEUE}}
    for name, workers in (("default", JOB_WORKERS), ("speech", 1), ("film", 1))
}

# An upload goes to a file and never to memory, one file at a time.
FILE_UPLOAD_HANDLERS = ["engageai.spool.Spool"]
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# The cookie holds the key to a random owner secret and nothing else. It ends with the browser.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "engageai.errors.csrf_failure"

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
# What the other hosts of this domain do, and what browsers ship, is not ours to promise.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Plotly adds two <style> elements: an empty one, filled through the style sheet's own interface (the digest is that of
# ""), and that of the map library in its bundle, whose digest holds for the pinned version of the package alone.
PLOTLY_STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],  # in Chromium this holds for sockets too
        "style-src": [SELF, *PLOTLY_STYLES],
    },
}

# Static files are served from where they lie, in an image too: nothing has to be collected. What a page asks for with
# the digest of its content may be kept for ever; the rest is asked for again at each load and answered 304. What
# `manage.py pack_static` packed is sent packed.
PACKED_DIR = ROOT / ".packed"
STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "engageai.static.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "engageai.static.VersionedStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 0

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# One JSON object a line, or lines for a terminal. At DEBUG too they hold nothing of what visitors sent (engageai.logs).
LOG_FORMAT = envchoice("LOG_FORMAT", ["json", "line"], "line" if sys.stderr.isatty() else "json")
LOG_LEVEL = envchoice("LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], "INFO")
LOGGING = configuration(LOG_FORMAT, LOG_LEVEL)
