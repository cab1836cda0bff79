"""The trainer: configuration, catalog, run folders and the Keras engine. Imports no Qt."""

__version__ = "0.1.0"
