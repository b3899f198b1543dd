"""The ``.env`` files of an installation: made with secrets of their own, brought up to date without losing a value."""
