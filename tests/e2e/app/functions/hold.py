"""Says that it has begun, and ends when it is told to."""

import os
import time
from pathlib import Path


def handler(event, context):
    folder = Path(event["queryStringParameters"]["folder"])
    begun = folder / "begun.partial"
    begun.write_text(str(os.getpid()))
    begun.rename(folder / "begun")
    while not (folder / "go").exists():
        time.sleep(0.01)
    return {"remaining": context.get_remaining_time_in_millis(), "process": os.getpid()}
