"""The browser: the server, and its parts (the board, the lab, the flight simulator), one folder each."""
