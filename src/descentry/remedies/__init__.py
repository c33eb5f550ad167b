"""What can be done about a cause: one file a remedy, sized by what was measured."""
