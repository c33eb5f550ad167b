"""The nouns, errors, catalog and metric names that every room shares; imports nothing else of descentry."""
