"""Synthesize the app of the current folder with cdk-nag's AWS Solutions rules; run by the test beside it.

    python nag.py FOLDER local/eu-west-1 prod/us-east-1

leaves an assembly and cdk-nag's report in `FOLDER/local-eu-west-1` and so on. One process for all of them: it loads the CDK once.
"""

import os
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


def is_of_app(module: object) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(Path.cwd())


def check(outdir: Path, stage: str, region: str) -> None:
    os.environ |= {"CDK_OUTDIR": str(outdir), "SUNDOG_STAGE": stage, "SUNDOG_REGION": region}
    for name in [name for name, module in sys.modules.items() if is_of_app(module)]:
        del sys.modules[name]
    try:
        runpy.run_path("app.py", run_name="__main__")
    except RuntimeError as error:
        # The CDK ends with an error when a rule found something: what it found is in the report.
        if "ValidationFailed" not in str(error):
            raise


App.synth = checked  # type: ignore[method-assign]
# As `python app.py` does, and a script beside it would not.
sys.path[0] = str(Path.cwd())
for target in sys.argv[2:]:
    check(Path(sys.argv[1], target.replace("/", "-")), *target.split("/"))
