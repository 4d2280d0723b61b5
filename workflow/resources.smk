# What a job asks a cluster for, by the size of the raw files that it rests on. Nothing of it reaches a result.
#
# Measured, the largest process of any stage: 300 MB for the ten studies (raw files of less than 0.5 MB), then 46 MB for
# each MB of raw files (100, 1,000 and 3,000 simulated batches; 0.7, 7.5 and 23 MB); 8 s, then 1 s for each MB.
# About twice the memory and more than ten times the time are asked for, since nodes and plans differ.
#
# A job uses one thread: a second one for BLAS took up to 30 % more processor time, and no less on the clock. Where
# there are more cores there are more jobs, one for each study, stage and bucket.
from functools import cache
from math import ceil
from pathlib import Path


@cache
def raw_mb(study, bucket=None):
    """MB of the raw files of a study, or of one of its buckets; a file that has still to be retrieved counts nothing."""
    files = buckets_read(study)[bucket] if bucket else exports_of(EXPORTS_OF[study], study)
    paths = [Path(export.path) for export in files]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def memory_mb(raw, attempt):
    """MB to ask for with so many MB of raw files: about twice what was measured, and as much again for each retry."""
    return ceil((800 + 100 * raw) * attempt)


def runtime_minutes(raw, attempt):
    """Minutes to ask for with so many MB of raw files, as many again for each retry."""
    return ceil((10 + 0.2 * raw) * attempt)


def study_memory_mb(wildcards, attempt):
    """The memory of a job that rests on all raw files of its study."""
    return memory_mb(raw_mb(wildcards.study), attempt)


def study_runtime(wildcards, attempt):
    """The time of a job that rests on all raw files of its study."""
    return runtime_minutes(raw_mb(wildcards.study), attempt)


def bucket_memory_mb(wildcards, attempt):
    """The memory of a job that reads the raw files of a bucket, and no others."""
    return memory_mb(raw_mb(wildcards.study, wildcards.bucket), attempt)


def bucket_runtime(wildcards, attempt):
    """The time of a job that reads the raw files of a bucket, and no others."""
    return runtime_minutes(raw_mb(wildcards.study, wildcards.bucket), attempt)
