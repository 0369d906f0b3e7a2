"""What `python app.py` and `cdk synth` show when the app is wrong: the error's fields instead of a traceback.

sundog's own commands run the app in the synth worker, which hands errors on as data and never comes here.
"""

from __future__ import annotations

import sys
from types import TracebackType

from sundog.errors import SeveralErrors, SundogError


def show_errors_without_traceback() -> None:
    """Install the hook, unless somebody else has installed one."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _hook


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if isinstance(error, SundogError):
        sys.stderr.write(error_text(error))
    else:
        sys.__excepthook__(kind, error, traceback)


def error_text(error: SundogError) -> str:
    """Return an error as plain text, in the order in which sundog's commands show it."""
    if isinstance(error, SeveralErrors):
        return "\n".join(error_text(single) for single in error.errors)
    lines = [f"error: {error.what}  [{error.code}]"]
    if error.where is not None:
        lines.append(f"  --> {error.where}")
    lines += [f"  {detail}" for detail in error.details]
    lines.append("")
    if error.why:
        lines.append(f"  why:  {error.why}")
    lines += [f"  hint: {fix}" for fix in error.fixes]
    lines.append(f"  docs: sundog explain {error.code}")
    return "\n".join(lines) + "\n"
