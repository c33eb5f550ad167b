"""The levels of the flight simulator, one file each, with one constant: ``LEVEL``."""
