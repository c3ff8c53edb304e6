# The notification service, and the sandbox as a gateway for trials:
#   docker build --target service -t laaffic-notifications .
#   docker build --target sandbox -t laaffic-sandbox .
#
# The digest is that of the tag's index for all platforms, as several public projects pin it. Renew both together.
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS base
WORKDIR /app

FROM base AS manifests
COPY package.json package-lock.json ./
COPY libs/embedded-postgres/package.json libs/embedded-postgres/
COPY libs/laaffic/package.json libs/laaffic/
COPY libs/laaffic-cli/package.json libs/laaffic-cli/
COPY libs/laaffic-outbox/package.json libs/laaffic-outbox/
COPY libs/laaffic-sandbox/package.json libs/laaffic-sandbox/
COPY libs/laaffic-verify/package.json libs/laaffic-verify/

# With optional packages: the compiler's program for this platform is one of them.
FROM manifests AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json tsconfig.json tsconfig.service.json ./
COPY scripts scripts
COPY libs libs
COPY src src
RUN npm run build:service && npm run build -w laaffic-sandbox

# Without the optional PostgreSQL of a trial. The build has copies of our own packages, in place of the links that npm
# makes to them.
FROM manifests AS dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && find node_modules -maxdepth 1 -type l -delete

FROM base AS sandbox
ENV NODE_ENV=production
COPY --from=build /app/libs/laaffic-sandbox/package.json ./
COPY --from=build /app/libs/laaffic-sandbox/dist dist
USER node
EXPOSE 4010
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:4010/_sandbox').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/esm/cli.js", "--host", "0.0.0.0", "--port", "4010"]

# It writes nothing, so its file system may be read-only. With an init (`docker run --init`) SIGTERM ends it while it boots
# too: without one, the kernel keeps signals from process 1 until it listens to them.
FROM base AS service
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
