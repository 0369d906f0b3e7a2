import logging


def speak(event, context):
    logging.getLogger().info("said quietly")
    logging.getLogger().warning("said loudly")
