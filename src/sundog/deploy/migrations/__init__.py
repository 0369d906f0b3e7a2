"""Migrations of databases: files of SQL that are run once each, in order."""
