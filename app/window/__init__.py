"""The parts of the main window: actions, run status, welcome, files."""
