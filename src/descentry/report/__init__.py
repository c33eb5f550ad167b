"""Reports: pure functions of the nouns to text, HTML and JSON."""
