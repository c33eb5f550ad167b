"""Trials: remedies tried on the user's own model, from one snapshot, against a control arm."""
