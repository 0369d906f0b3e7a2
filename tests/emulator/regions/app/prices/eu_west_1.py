"""Of Ireland."""

VALUE_ADDED_TAX = 23
