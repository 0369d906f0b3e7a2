"""Everything that is printed: text for people, JSON for programs. No other package writes to stdout or stderr."""
