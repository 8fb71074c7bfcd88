# The image of one Odradek node: runs as the user `node`, keeps its data in a volume, and takes its properties from
# KAFKA_… variables as Apache Kafka's image does (see README.md, "In containers").

ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The pinned Node among the dev dependencies is not needed here: the image's own is the right one.
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY raft raft
COPY replication replication
COPY cluster cluster
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error

FROM ${BASE}
WORKDIR /opt/odradek
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
COPY bin bin
# Modules compiled once, here: a start is quicker and takes less memory.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/opt/odradek/.cache
RUN ln -s /opt/odradek/bin/odradek /usr/local/bin/odradek \
 && odradek storage random-uuid >/dev/null \
 && mkdir -p /var/lib/odradek && chown node:node /var/lib/odradek
USER node
ENV KAFKA_LOG_DIRS=/var/lib/odradek/data
VOLUME /var/lib/odradek
EXPOSE 9092
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=8s --start-period=20s CMD ["odradek", "quorum", "--bootstrap", "127.0.0.1:9092", "--timeout", "5"]
ENTRYPOINT ["odradek"]
CMD ["container"]
