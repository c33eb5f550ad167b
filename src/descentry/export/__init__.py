"""Exporters: a run as a file of another format, one file here a format; each can be read back."""
