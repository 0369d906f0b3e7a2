"""Synthesizes the user's app: in a child process kept warm, and not at all when nothing that it read has changed.

`service.py` is what the session and the CLI use. `worker.py` speaks with the child (`sundog.constructs.synth_worker`,
never imported here), `record.py` knows what a synth read and whether that has changed, `cache.py` keeps both between
sessions, `assembly.py` swaps the result in, `errors.py` says what went wrong.
"""
