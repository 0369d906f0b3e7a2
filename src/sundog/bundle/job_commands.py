"""What AWS CodeBuild runs of a packaged job, in Lambda's own image of the runtime."""

from __future__ import annotations

# The runner is in every Python package. It stands in the folder that CodeBuild has unpacked the package into.
_PYTHON = 'cd "$CODEBUILD_SRC_DIR" && PYTHONPATH="$CODEBUILD_SRC_DIR" python3 -m sundog_runtime.job'
# An ECMAScript module looks for packages in the folders above it only; the image has AWS's own in Lambda's.
_NODE = (
    'ln -sfn /var/runtime/node_modules "$CODEBUILD_SRC_DIR/node_modules" && cd "$CODEBUILD_SRC_DIR"'
    " && node --enable-source-maps -e '"
    'const name = process.env.SUNDOG_HANDLER, dot = name.lastIndexOf(".");'
    "const context = { awsRequestId: process.env.CODEBUILD_BUILD_ID, functionName: process.env.SUNDOG_JOB };"
    "import(`${process.cwd()}/${name.slice(0, dot)}.mjs`)"
    ".then((module) => module[name.slice(dot + 1)](JSON.parse(process.env.SUNDOG_PAYLOAD), context))"
    ".then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });'"
)
JOB_COMMANDS = {"python": _PYTHON, "node": _NODE}
"""By language."""
