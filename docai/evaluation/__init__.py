"""Metrics and the benchmark command: figures that anyone can print again."""
