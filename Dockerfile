# The program alone, on Debian: docker build --tag autoenroll .
# docker run --rm --volume "$PWD:/work" autoenroll run my.toml
FROM docker.io/library/rust:1.95-slim-bookworm AS build
COPY . /src
WORKDIR /src
# As `cargo xtask dist` makes it for an archive. Its files are of no time, because there is no git to ask.
RUN SOURCE_DATE_EPOCH=0 cargo xtask dist && tar --extract --file target/dist/*.tar.gz --strip-components=1 --one-top-level=/autoenroll

FROM docker.io/library/debian:bookworm-slim
COPY --from=build /autoenroll/autoenroll /usr/local/bin/autoenroll
COPY --from=build /autoenroll/man/man1 /usr/local/share/man/man1
# Nothing here needs rights.
USER 65534:65534
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/autoenroll"]
