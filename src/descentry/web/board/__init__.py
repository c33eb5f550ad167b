"""The board: the runs of a folder, live."""
