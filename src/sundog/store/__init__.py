"""What happened on a stage, kept in `.sundog/<stage>/events.db`: invocations, log lines, payloads, builds, deploys.

`writer.StoreWriter` is an observer of the session's events and the only writer. `queries` reads, from any process, while
the writer writes.
"""
