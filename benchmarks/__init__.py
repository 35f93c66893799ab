"""Kernel benchmarks, one file a kernel file: each asserts its answer."""
