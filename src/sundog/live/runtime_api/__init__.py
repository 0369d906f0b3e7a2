"""The Lambda Runtime API, version 2018-06-01, as runtimes of all languages expect it."""
