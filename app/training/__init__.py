"""The window's side of training: starting, continuing and commanding runs. Knows no widgets."""
