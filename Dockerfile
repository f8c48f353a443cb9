# npm run image: with docker or podman, and the facts of the commit. Or: docker build -t s1bridge .
#
# Runs as user 1000 and with a read-only root (--read-only --tmpfs /tmp). The configuration is /etc/s1bridge/config.yaml; the
# spool is the volume /var/lib/s1bridge, and has to be one that outlives the container. SIGTERM finishes what is in flight
# within 8 s, which the 10 s of `docker stop` allow.
#
# For a base that stays the same, its digest, which `docker buildx imagetools inspect node:24-bookworm-slim` prints:
#   --build-arg NODE_DIGEST=sha256:…
# What runs may be another image with the same Node, one without a shell as well:
#   --build-arg RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim
ARG NODE_DIGEST=
ARG RUNTIME_IMAGE=${NODE_IMAGE}${NODE_DIGEST:+@${NODE_DIGEST}}

FROM ${NODE_IMAGE}${NODE_DIGEST:+@${NODE_DIGEST}} AS build
WORKDIR /build
COPY package.json package-lock.json LICENSE ./
RUN npm ci
COPY scripts ./scripts
COPY src ./src
ARG S1BRIDGE_COMMIT=unknown
ARG SOURCE_DATE_EPOCH=0
RUN npm run bundle && mkdir -m 0700 spool

FROM ${RUNTIME_IMAGE}
ARG S1BRIDGE_VERSION=0.1.0
ARG S1BRIDGE_COMMIT=unknown
ARG S1BRIDGE_DATE=1970-01-01T00:00:00.000Z
ARG S1BRIDGE_SOURCE=
LABEL org.opencontainers.image.title="s1bridge" \
  org.opencontainers.image.description="Forwards what a SentinelOne console knows to a syslog collector, as CEF, and loses nothing" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${S1BRIDGE_VERSION}" \
  org.opencontainers.image.revision="${S1BRIDGE_COMMIT}" \
  org.opencontainers.image.created="${S1BRIDGE_DATE}" \
  org.opencontainers.image.source="${S1BRIDGE_SOURCE}"
# Where the official and the distroless images have their Node.
ENV NODE_ENV=production PATH=/usr/local/bin:/usr/bin:/bin:/nodejs/bin
COPY --from=build /build/bundle /opt/s1bridge
# A new volume takes its owner from here.
COPY --from=build --chown=1000:1000 /build/spool /var/lib/s1bridge
USER 1000:1000
WORKDIR /var/lib/s1bridge
VOLUME /var/lib/s1bridge
EXPOSE 9614
# The program asks itself, at the address that its configuration has: 0 while nothing hangs. `--ready` would ask for more.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "/opt/s1bridge/main.js", "healthcheck", "-c", "/etc/s1bridge/config.yaml"]
ENTRYPOINT ["node", "/opt/s1bridge/main.js"]
CMD ["run", "-c", "/etc/s1bridge/config.yaml"]
