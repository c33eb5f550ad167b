"""Behaviours: what a curve does, one file each, on shared robust statistics."""
