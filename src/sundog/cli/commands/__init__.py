"""One module per command: read its options, call what does the work, show the result."""
