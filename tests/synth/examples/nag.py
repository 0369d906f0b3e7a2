"""Synthesize the app of the current folder with cdk-nag's AWS Solutions rules; run by the test beside it."""

import runpy
from typing import Any

import aws_cdk
import cdk_nag

from sundog import App

synth = App.synth


def checked(app: App, **options: Any) -> Any:
    aws_cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    return synth(app, **options)


App.synth = checked  # type: ignore[method-assign]
runpy.run_path("app.py", run_name="__main__")
