# docker build -t s1bridge .
#
# Runs as user 1000 and with a read-only root (--read-only --tmpfs /tmp). The configuration is /etc/s1bridge/config.yaml; the
# spool is the volume /var/lib/s1bridge, and has to be one that outlives the container. SIGTERM finishes what is in flight
# within 8 s, which the 10 s of `docker stop` allow.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json LICENSE ./
RUN npm ci
COPY scripts ./scripts
COPY src ./src
# --build-arg S1BRIDGE_COMMIT=$(git rev-parse --short=12 HEAD) --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
ARG S1BRIDGE_COMMIT=unknown
ARG SOURCE_DATE_EPOCH=0
RUN npm run bundle

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
COPY --from=build /build/bundle /opt/s1bridge
# A new volume takes its owner from here.
RUN mkdir -p /etc/s1bridge && install -d -o 1000 -g 1000 -m 0700 /var/lib/s1bridge
USER 1000:1000
WORKDIR /var/lib/s1bridge
VOLUME /var/lib/s1bridge
EXPOSE 9614
# The program asks itself, at the address that its configuration has: 0 while nothing hangs. `--ready` would ask for more.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "/opt/s1bridge/main.js", "healthcheck", "-c", "/etc/s1bridge/config.yaml"]
ENTRYPOINT ["node", "/opt/s1bridge/main.js"]
CMD ["run", "-c", "/etc/s1bridge/config.yaml"]
