"""Benchmarks: how well stories are told, and how fast; run by hand and in CI, never asserted by the tests."""
