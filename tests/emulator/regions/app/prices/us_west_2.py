"""Of Oregon."""

VALUE_ADDED_TAX = 0
