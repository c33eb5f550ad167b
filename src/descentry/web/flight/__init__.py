"""The flight simulator: people steer the learning rate of a real training, and learn what that is worth."""
