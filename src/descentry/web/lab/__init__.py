"""The lab: real gradient descent in a worker process, and scenes in which one thing is changed at a time."""
