# One image for every server: docker build -t grandstand .
#
# The first stage builds the wheel (its build fetches what browsers load, by npm) and a virtual
# environment; the second is that environment and nothing to build with.

ARG PYTHON=python:3.11.13-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/grandstand
# Dependencies first: this layer stays while only our own code changes.
COPY pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > dependencies.txt \
    && /opt/grandstand/bin/pip install --only-binary :all: -r dependencies.txt
COPY hatch_build.py README.md LICENSE ./
COPY server server
COPY client_demo client_demo
COPY models models
RUN /opt/grandstand/bin/pip install --no-deps . \
    && /opt/grandstand/bin/pip uninstall --yes pip setuptools \
    && /opt/grandstand/bin/grandstand --version

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Grandstand" \
      org.opencontainers.image.description="The audience of a live broadcast: bullet comments locked to the picture, polls that steer the show" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 grandstand \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin grandstand \
    && install --directory --owner 10001 --group 10001 --mode 700 /data
COPY --from=build /opt/grandstand /opt/grandstand
ENV PATH=/opt/grandstand/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GRANDSTAND_HOST=0.0.0.0 \
    GRANDSTAND_DATA_DIR=/data/grandstand \
    GRANDSTAND_LOG_JSON=true
WORKDIR /data
USER 10001:10001
EXPOSE 8000
# Whether the process lives. Whether it can serve, /readyz, is the balancer's to ask: a store that
# is away is no reason to end processes that hold viewers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('GRANDSTAND_PORT', '8000') + '/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["grandstand"]
CMD ["serve"]
