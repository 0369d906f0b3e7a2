"""Fails whatever it is given."""


class Refused(Exception):
    pass


def handler(event, context):
    raise Refused(f"not {event['what']}")
