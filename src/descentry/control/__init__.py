"""Control: what warns of a training, steers it, and keeps a journal of what it did."""
