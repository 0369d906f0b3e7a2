"""Imported by a handler."""

WORD = "word 0"
