"""Mistakes in an `app.py`, by name: the errors that they raise are in the snapshot of `test_error_messages.py`."""
