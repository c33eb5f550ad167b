"""The run folder: one crash-safe SQLite file, appended in chunks, readable while it is written.

``writing.RunWriter`` writes it, ``reading.read`` reads it; docs/run-folder.md tells what is in it.
"""
