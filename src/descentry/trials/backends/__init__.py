"""Where arms run: ``local``, on this machine."""
