"""Which third-party modules the zygote imports ahead, learned from workers and kept between sessions.

A module is imported ahead only when that cannot be told from importing it in each worker: every environment variable
it looked at while it was imported has the same value in all functions, and it started no thread.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

logger = logging.getLogger(__name__)

ANY_VARIABLE = "*"


class ModuleFacts(msgspec.Struct):
    """What one interpreter's workers have taught."""

    modules: list[str] = []
    """In the order of their import."""
    reads: dict[str, list[str]] = {}
    """Environment variables by module that reads them while imported."""
    threads: list[str] = []
    """Modules that start threads while imported."""
    sdk_files: list[str] = []
    """Files that the AWS SDK read to make clients, without their ending."""


class Knowledge:
    """Facts by interpreter, in a file of the stage."""

    def __init__(self, file: Path) -> None:
        """Read what earlier sessions learned; a file that cannot be read is as good as none."""
        self._file = file
        self._facts: dict[str, ModuleFacts] = {}
        try:
            self._facts = msgspec.json.decode(file.read_bytes(), type=dict[str, ModuleFacts])
        except (OSError, msgspec.MsgspecError):
            self._facts = {}

    def facts(self, interpreter: str) -> ModuleFacts:
        """Return what is known for an interpreter."""
        return self._facts.setdefault(interpreter, ModuleFacts())

    def learn(
        self,
        interpreter: str,
        *,
        modules: Iterable[str],
        reads: Mapping[str, Iterable[str]],
        threads: Iterable[str],
        sdk_files: Iterable[str] = (),
    ) -> bool:
        """Take a report; say whether it told anything new."""
        facts = self.facts(interpreter)
        known, before = set(facts.modules), msgspec.json.encode(facts)
        facts.modules += [name for name in modules if name not in known]
        for name, variables in reads.items():
            facts.reads[name] = sorted({*facts.reads.get(name, []), *variables})
        facts.threads = sorted({*facts.threads, *threads})
        facts.sdk_files = list(dict.fromkeys([*facts.sdk_files, *sdk_files]))
        if msgspec.json.encode(facts) == before:
            return False
        self._save()
        return True

    def forget(self, interpreter: str) -> None:
        """Drop what is known, when the installed packages have changed."""
        self._facts.pop(interpreter, None)
        self._save()

    def _save(self) -> None:
        temporary = self._file.with_suffix(".tmp")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(msgspec.json.encode(self._facts))
            temporary.replace(self._file)
        except OSError as error:
            # A full disk costs the next session some milliseconds, and must not cost this one a request.
            logger.warning("what was learned is not kept: %s", error)


def common_variables(environments: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the variables that have one value in all environments."""
    if not environments:
        return {}
    first, *others = environments
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def safe_modules(
    facts: ModuleFacts, environments: Sequence[Mapping[str, str]], volatile: Collection[str]
) -> list[str]:
    """Return the modules that may be imported ahead, in order."""
    unsafe = set(facts.threads)
    for name, variables in facts.reads.items():
        if any(_differs(variable, environments, volatile) for variable in variables):
            unsafe.add(name)
    return [name for name in facts.modules if not unsafe.intersection(_with_parents(name))]


def _differs(variable: str, environments: Sequence[Mapping[str, str]], volatile: Collection[str]) -> bool:
    if variable == ANY_VARIABLE or variable in volatile:
        return True
    return len({environment.get(variable) for environment in environments}) > 1


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
