# The program alone, on Debian: docker build --tag autoenroll .
# docker run --rm --volume "$PWD:/work" autoenroll run my.toml
FROM docker.io/library/rust:1.95-slim-bookworm AS build
COPY . /src
WORKDIR /src
RUN cargo build --locked --profile stripped --package autoenroll-cli --features serve

FROM docker.io/library/debian:bookworm-slim
COPY --from=build /src/target/stripped/autoenroll /usr/local/bin/autoenroll
# Nothing here needs rights.
USER 65534:65534
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/autoenroll"]
