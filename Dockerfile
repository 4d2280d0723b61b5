# The environment of the lock, and the workflow in it: docker build -t omtrace . && docker run -v "$PWD/study:/study" omtrace
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /omtrace
COPY . .
RUN make env
ENV PATH="/omtrace/.venv/bin:$PATH"
WORKDIR /study
ENTRYPOINT ["snakemake", "--snakefile", "/omtrace/Snakefile", "--directory", "/study"]
