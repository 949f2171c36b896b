"""Benchmarks: `python -m tests.bench`, which is `make bench`."""
