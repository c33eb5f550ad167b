"""The scenes of the lab: one idea each, one file each, found by scanning this folder."""
