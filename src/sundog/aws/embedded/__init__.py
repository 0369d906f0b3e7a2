"""The embedded cloud: an AWS emulator of our choice as a child process, behind a small interface.

Nothing outside this package knows which emulator it is.
"""
