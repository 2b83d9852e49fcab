# CPU by default. For an NVIDIA card build with --build-arg TORCH=torch==2.13.0 (the CUDA build) and run the gpu profile.
FROM python:3.11-slim-bookworm AS build
ARG TORCH=""
WORKDIR /app
COPY requirements.txt .
# The web process on a CPU needs neither torch nor the training tools: the image leaves them out unless TORCH names it.
RUN python -m venv /venv \
 && sed '/^# Training/,$d' requirements.txt > web.txt \
 && /venv/bin/pip install --no-cache-dir --requirement web.txt \
 && if [ -n "$TORCH" ]; then /venv/bin/pip install --no-cache-dir "$TORCH" torchvision==0.28.0; fi

FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libegl1 libgles2 libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 engageai
COPY --from=build /venv /venv
WORKDIR /app
COPY --chown=engageai:engageai . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN DATA_DIR=/tmp/packing python manage.py pack_static && rm -rf /tmp/packing
RUN mkdir -p /data && chown engageai:engageai /data
USER engageai
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "engageai"]
