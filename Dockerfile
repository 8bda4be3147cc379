# Two images:
#
#   docker build --target gateway -t opencode-gateway .                 in front of an OpenCode that runs elsewhere
#   docker build --target all-in-one -t opencode-gateway-all-in-one .   with OpenCode, git and ripgrep: an agent in one container
#
# `gateway` builds for every architecture that Node has. OpenCode comes from its package for linux/amd64; elsewhere `all-in-one`
# stops with a word on that. docs/adr/0036 says why the images are as they are.

# Renewed together; the digest is that of all architectures.
ARG NODE_TAG=24.19.0-bookworm-slim
ARG NODE_DIGEST=sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df

FROM docker.io/library/node:${NODE_TAG}@${NODE_DIGEST} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=optional --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build -- --sourceMap false && rm dist/.tsbuildinfo && chmod 755 dist/main.js

# What runs in production; nobody reads the maps and types of libraries there, which are half of their size.
FROM docker.io/library/node:${NODE_TAG}@${NODE_DIGEST} AS libraries
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM docker.io/library/node:${NODE_TAG}@${NODE_DIGEST} AS opencode
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && { test -x node_modules/opencode-linux-x64/bin/opencode \
   || { echo "all-in-one is for linux/amd64 alone: on $(uname -m) run OpenCode yourself, and the target gateway in front" >&2; exit 1; }; }

FROM docker.io/library/node:${NODE_TAG}@${NODE_DIGEST} AS gateway
# Text in files of a workspace that is mounted is searched with ripgrep.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ripgrep \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /app/dist/main.js /usr/local/bin/opencode-gateway
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=libraries /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# In a container every address is meant; without a token the gateway then refuses to start.
ENV NODE_ENV=production \
    HOST=0.0.0.0
# Of the file owner that bind-mounted folders mostly have. Nothing of the image is writable to it, and nothing need be.
USER 1000:1000
EXPOSE 8080 8081
# Whether OpenCode is away too is no reason to restart the gateway.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["opencode-gateway", "healthcheck"]
# Node handles the signals that end it itself, and has no children here: nothing stands between.
ENTRYPOINT ["opencode-gateway"]
CMD ["serve"]
ARG NODE_TAG
ARG NODE_DIGEST
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="opencode-gateway" \
      org.opencontainers.image.description="One typed, streaming, safe door in front of OpenCode agents: gRPC, REST and A2A from one contract" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="https://github.com/opencode-gateway/opencode-gateway" \
      org.opencontainers.image.documentation="https://github.com/opencode-gateway/opencode-gateway#readme" \
      org.opencontainers.image.base.name="docker.io/library/node:${NODE_TAG}" \
      org.opencontainers.image.base.digest="${NODE_DIGEST}"

FROM gateway AS all-in-one
USER 0:0
# A workspace that is mounted may belong to anybody, and git would refuse it.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git tini \
 && rm -rf /var/lib/apt/lists/* \
 && git config --system --add safe.directory '*' \
 && install --directory --owner=1000 --group=1000 /workspace /data \
 && install --directory /config/opencode && touch /config/opencode/.gitignore \
 && ln -s /app/node_modules/opencode-linux-x64/bin/opencode /usr/local/bin/opencode \
 && ln -s /app/node_modules/@vscode/ripgrep-linux-x64/bin/rg /usr/local/bin/rg
COPY --from=opencode /app/node_modules/@vscode/ripgrep-linux-x64 ./node_modules/@vscode/ripgrep-linux-x64
COPY --from=opencode /app/node_modules/opencode-linux-x64 ./node_modules/opencode-linux-x64
# /data is OpenCode's home: sessions, credentials, caches. It would install plugins into a configuration that it may write; of one
# that it may not, it needs the folder and its .gitignore. Its settings come by OPENCODE_CONFIG_CONTENT, or OPENCODE_CONFIG names a file.
ENV OPENCODE_WORKSPACE_ROOT=/workspace \
    OPENCODE_DISABLE_AUTOUPDATE=1 \
    HOME=/data \
    XDG_CONFIG_HOME=/config
VOLUME ["/workspace", "/data"]
USER 1000:1000
# Commands of agents leave processes behind, which somebody has to reap: tini, also where it is not the first process.
ENTRYPOINT ["tini", "-s", "--", "opencode-gateway"]
CMD ["serve"]
LABEL org.opencontainers.image.title="opencode-gateway-all-in-one" \
      org.opencontainers.image.description="opencode-gateway with OpenCode, git and ripgrep: an agent in one container"
