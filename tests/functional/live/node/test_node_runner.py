"""Builds after edits, spare processes, and the choice of a Node."""

from __future__ import annotations

import asyncio
import os
import signal
import stat

from sundog.bundle.esbuild_install import EsbuildInstallFailed
from sundog.bundle.node import node_binary
from sundog.live.node.esbuild_service import EsbuildService
from sundog.live.node.interpreters import NodeFinder

HANDLER = 'import { x } from "./lib";\nexport const handler = async () => x;\n'


def test_edit_is_in_the_next_environment_and_not_in_the_old_one(in_lab):
    async def body(lab):
        lab.write("lib.ts", "export const x = 1;\n")
        old = await lab.ready("h.ts", HANDLER)
        lab.write("lib.ts", "export const x = 2;\n")
        await lab.build(old.function)
        new, _ = await lab.started(old.function)

        assert [(await old.call()).value, (await new.call()).value] == [1, 2]

    in_lab(body)


def test_files_of_a_build_are_exactly_what_was_bundled(in_lab):
    async def body(lab):
        lab.write("lib.ts", "export const x = 1;\n")
        lab.write("unused.ts", "export const y = 1;\n")
        lab.write("node_modules/dep/index.js", "module.exports = 5;\n")
        lab.write("h.ts", HANDLER + 'import dep from "dep";\nexport const other = dep;\n')
        outcome = await lab.build(lab.function("h.ts"))

        assert outcome.files == {lab.root / "lib.ts", lab.root / "h.ts"}

    in_lab(body)


def test_paths_of_tsconfig_are_followed(in_lab):
    async def body(lab):
        lab.write("tsconfig.json", '{"compilerOptions": {"paths": {"@app/*": ["./shared/*"]}}}')
        lab.write("shared/lib.ts", "export const x = 'shared';\n")
        environment = await lab.ready(
            "functions/h.ts", 'import { x } from "@app/lib";\nexport const handler = async () => x;\n'
        )

        assert (await environment.call()).value == "shared"

    in_lab(body)


def test_packages_can_be_left_out_of_the_bundle(in_lab):
    async def body(lab):
        lab.write("node_modules/dep/index.js", "module.exports = { file: __filename };\n")
        text = 'import dep from "dep";\nexport const handler = async () => dep.file;\n'
        lab.write("h.ts", text)
        bundled = await lab.ready("h.ts", text)
        external = await lab.ready("g.ts", text, external=["dep"])

        assert ".sundog" in (await bundled.call()).value
        assert (await external.call()).value == str(lab.root / "node_modules/dep/index.js")

    in_lab(body)


def test_error_in_old_code_still_shows_the_old_line(in_lab):
    async def body(lab):
        text = "export const handler = async () => {\n  throw new Error('old');\n};\n"
        old = await lab.ready("h.ts", text)
        lab.write("h.ts", "// a line\n// and another\n" + text)
        await lab.build(old.function)
        outcome = await old.call()

        assert f"{lab.root}/h.ts:2:" in outcome.value["trace"][1]

    in_lab(body)


def test_settings_of_the_compiler_concern_every_function_below_them(in_lab):
    async def body(lab):
        lab.write("a/h.ts", "export const handler = async () => 1;\n")
        lab.write("b/h.ts", "export const handler = async () => 1;\n")
        await lab.build(lab.function("a/h.ts"))
        await lab.build(lab.function("b/h.ts"))

        assert lab.runner.affected_by([lab.root / "tsconfig.json"]) == {"backend/a_h", "backend/b_h"}
        assert lab.runner.affected_by([lab.root / "a" / "package.json"]) == {"backend/a_h"}
        assert lab.runner.affected_by([lab.root / "a" / "notes.txt"]) == set()

    in_lab(body)


def test_new_file_can_mend_a_failed_build(in_lab):
    async def body(lab):
        lab.write("h.ts", HANDLER)
        function = lab.function("h.ts")
        failed = await lab.build(function)
        created = lab.write("lib.ts", "export const x = 'mended';\n")

        assert failed.error is not None
        assert lab.runner.affected_by([created]) == {"backend/h"}
        assert (await lab.build(function)).error is None
        assert lab.runner.affected_by([created]) == set()

    in_lab(body)


def test_esbuild_that_was_killed_is_started_again(tmp_path, esbuild_path, in_lab):
    async def body(lab):
        service = lab.runner._esbuild
        lab.write("lib.ts", "export const x = 1;\n")
        lab.write("h.ts", HANDLER)
        function = lab.function("h.ts")
        await lab.build(function)
        first = service.process_id
        os.kill(first, signal.SIGKILL)
        outcome = await lab.build(function)

        assert outcome.error is None
        assert service.process_id != first

    in_lab(body)


def test_esbuild_ends_with_its_host(esbuild_path):
    async def main():
        service = EsbuildService(lambda: esbuild_path)
        process = (await service._process()).process
        process.stdin.close()
        async with asyncio.timeout(30):
            return await process.wait()

    assert asyncio.run(main()) == 0


def test_many_builds_at_once(in_lab):
    async def body(lab):
        names = [f"h{number}.ts" for number in range(20)]
        for number, name in enumerate(names):
            lab.write(name, f"export const handler = async () => {number};\n")
        outcomes = await asyncio.gather(*(lab.build(lab.function(name)) for name in names))

        assert [outcome.files for outcome in outcomes] == [{lab.root / name} for name in names]

    in_lab(body)


def test_environment_starts_from_a_spare_that_was_waiting(in_lab):
    async def body(lab):
        lab.write("h.ts", "export const handler = async () => process.pid;\n")
        function = lab.function("h.ts")
        await lab.runner.prepare([function])
        waiting = lab.runner._spares._waiting[node_binary()][0].process.pid
        await lab.build(function)
        environment, _ = await lab.started(function)

        assert (await environment.call()).value == waiting

    in_lab(body, refill_seconds=3600)


def test_spare_that_was_killed_is_not_used(in_lab):
    async def body(lab):
        lab.write("h.ts", "export const handler = async () => 1;\n")
        function = lab.function("h.ts")
        await lab.runner.prepare([function])
        spare = lab.runner._spares._waiting[node_binary()][0]
        os.kill(spare.process.pid, signal.SIGKILL)
        await asyncio.shield(spare._ended)
        await lab.build(function)
        environment, _ = await lab.started(function)

        assert (await environment.call()).value == 1

    in_lab(body)


def test_spares_are_refilled_and_end_with_the_runner(in_lab):
    pids = []

    async def body(lab):
        lab.write("h.ts", "export const handler = async () => 1;\n")
        function = lab.function("h.ts")
        await lab.runner.prepare([function])
        await lab.build(function)
        await lab.started(function)
        async with asyncio.timeout(30):
            while lab.runner._spares.waiting(node_binary()) == 0:  # noqa: ASYNC110 - the pool has no event for tests
                await asyncio.sleep(0.01)
        pids.extend(spare.process.pid for spare in lab.runner._spares._waiting[node_binary()])

    in_lab(body, refill_seconds=0.01)

    assert len(pids) == 1
    assert not _alive(pids[0])


def test_runtime_whose_node_is_missing_runs_in_ours_and_says_so(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.ts", "export const handler = async () => process.version;\n", runtime="nodejs18.x"
        )
        version = (await environment.call()).value
        await lab.started(environment.function)

        assert version.startswith("v24.")
        assert [notice.text for notice in lab.notices] == [
            "functions of runtime `nodejs18.x` run in Node 24, which comes with sundog: Node 18 is not installed"
        ]
        assert lab.notices[0].fix == "install Node 18, or set the functions' runtime to `nodejs24.x`"

    in_lab(body)


def test_node_of_the_right_major_is_found_on_the_path_and_in_version_managers(tmp_path):
    for folder, version in (
        (tmp_path / "bin", "v20.1.2"),
        (tmp_path / ".nvm/versions/node/v22.5.0/bin", "v22.5.0"),
    ):
        folder.mkdir(parents=True)
        file = folder / "node"
        file.write_text(f"#!/bin/sh\necho {version}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    finder = NodeFinder(node_binary(), 24, {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})

    assert finder.choose("nodejs20.x").binary == tmp_path / "bin/node"
    assert finder.choose("nodejs22.x").binary == tmp_path / ".nvm/versions/node/v22.5.0/bin/node"
    assert finder.choose("nodejs24.x").binary == node_binary()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_esbuild_that_cannot_be_had_is_told_to_the_caller(in_lab):
    async def body(lab):
        def missing():
            raise EsbuildInstallFailed("esbuild cannot be installed", why="no network")

        lab.runner._esbuild = EsbuildService(missing)
        lab.write("h.ts", "export const handler = async () => 1;\n")
        outcome = await lab.build(lab.function("h.ts"))

        assert outcome.error is not None
        assert outcome.error.error_type == "Sundog.BuildFailed"
        assert outcome.error.message == "esbuild cannot be installed: no network"

    in_lab(body)
