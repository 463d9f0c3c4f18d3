# The official server with a folder for its data that its user may write:
# docker build -f docker/nats.Dockerfile .
ARG NATS=nats:2.15-alpine
FROM ${NATS}
COPY --chown=65534:65534 docker/data /data
USER 65534:65534
ENTRYPOINT ["nats-server"]
