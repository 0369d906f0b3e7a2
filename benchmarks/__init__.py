"""The numbers of the design, measured: `python -m benchmarks --help`.

One module per number. What has a peer is measured beside it in the same run, round by round, so that a busy machine
disturbs all alike. `python -m benchmarks --write` replaces `benchmarks/RESULTS.md` by what it measured.
"""
