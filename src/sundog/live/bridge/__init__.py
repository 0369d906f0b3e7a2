"""Transports: ways for an event to reach the session, and for its result to go back."""
