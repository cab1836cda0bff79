"""Checks of a model on its own data before training: what document 3 calls debugging tools, and more."""
