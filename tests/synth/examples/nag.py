"""Synthesize the app of the current folder with cdk-nag's AWS Solutions rules; run by the test beside it."""

import runpy
import sys
from pathlib import Path
from typing import Any

import aws_cdk
import cdk_nag

from sundog import App

synth = App.synth


def checked(app: App, **options: Any) -> Any:
    aws_cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    return synth(app, **options)


# As `python app.py` does, and a script beside it would not.
sys.path[0] = str(Path.cwd())
App.synth = checked  # type: ignore[method-assign]
runpy.run_path("app.py", run_name="__main__")
