# syntax=docker/dockerfile:1

# The dashboard, which the binary embeds.
FROM node:22.23.3-bookworm-slim AS dashboard
WORKDIR /src/admin-ui
COPY admin-ui/package.json admin-ui/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY admin-ui/ ./
RUN npm run build

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
COPY --from=dashboard /src/admin-ui/dist ./admin-ui/dist
ARG VERSION=
ENV CGO_ENABLED=0
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/rustassistant ./cmd/rustassistant
# Empty folders that the unprivileged user owns: a new volume takes them over.
RUN mkdir -p /out/cache/index

# No shell, no package manager, not root (uid 65532).
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/rustassistant /usr/local/bin/rustassistant
COPY --from=build --chown=65532:65532 /out/cache /var/cache/rustassistant
ENV INDEX_CACHE_DIR=/var/cache/rustassistant/index
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/rustassistant"]
CMD ["server"]
