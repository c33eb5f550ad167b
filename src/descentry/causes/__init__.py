"""Why a curve does what it does: one file a cause, with what speaks for it and against it."""
