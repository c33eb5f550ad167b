"""A live PyTorch training: watched from two lines in its loop, or from outside."""
