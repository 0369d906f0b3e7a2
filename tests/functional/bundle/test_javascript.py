import json
import subprocess

import pytest

from sundog.bundle.node import node_binary
from sundog.errors import SeveralErrors, SundogError


def failure(bundled, file, **fields):
    with pytest.raises(SundogError) as raised:
        bundled.node(file, **fields)
    return raised.value


def run(output, module, expression):
    script = f"const handler = await import({json.dumps(str(output / module))}); console.log(JSON.stringify({expression}))"
    finished = subprocess.run(
        [node_binary(), "--enable-source-maps", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.stdout.strip() or finished.stderr


def test_a_typescript_handler_becomes_a_module_where_lambda_looks_for_it(bundled_node):
    bundled_node.write(
        "functions/badge.ts", "import { text } from './text';\nexport const handler = (): string => text;\n"
    )
    bundled_node.write("functions/text.ts", "export const text: string = 'hello';\n")
    bundled_node.node("functions/badge.ts")

    assert bundled_node.files() == {"functions/badge.mjs", "functions/badge.mjs.map"}
    assert run(bundled_node.output, "functions/badge.mjs", "handler.handler()") == '"hello"'


def test_the_source_map_names_the_projects_files(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = () => {\n  throw new Error('no');\n};\n")
    bundled_node.node("functions/badge.ts")
    content = json.loads((bundled_node.output / "functions/badge.mjs.map").read_text())

    assert content["sources"] == ["functions/badge.ts"]
    assert "functions/badge.ts:2:" in run(bundled_node.output, "functions/badge.mjs", "handler.handler()")


def test_commonjs_packages_are_bundled_and_lambdas_own_are_not(bundled_node):
    bundled_node.write(
        "node_modules/old/index.js", "const p = require('path'); exports.base = (x) => p.basename(x);"
    )
    bundled_node.write("node_modules/old/package.json", '{"name": "old", "main": "index.js"}')
    bundled_node.write(
        "functions/badge.js",
        "import { base } from 'old';\nimport { S3 } from '@aws-sdk/client-s3';\nexport const handler = () => base('/a/b') + S3;\n",
    )
    bundled_node.node("functions/badge.js")
    code = (bundled_node.output / "functions/badge.mjs").read_text()

    assert 'from "@aws-sdk/client-s3"' in code
    assert "basename" in code


def test_two_builds_are_equal_to_the_byte(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = () => 1;\n")
    first = {file.name: file.read_bytes() for file in bundled_node.node("functions/badge.ts").rglob("*.mjs*")}
    second = {
        file.name: file.read_bytes() for file in bundled_node.node("functions/badge.ts").rglob("*.mjs*")
    }

    assert first == second


def test_options_reach_esbuild(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = () => { return STAGE; };\n")
    bundled_node.node(
        "functions/badge.ts", build={"minify": True, "define": {"STAGE": '"prod"'}, "sourcemap": False}
    )

    assert bundled_node.files() == {"functions/badge.mjs"}
    assert run(bundled_node.output, "functions/badge.mjs", "handler.handler()") == '"prod"'


def test_a_syntax_error_has_file_line_and_column(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = () => {\n  return 1 +;\n};\n")
    error = failure(bundled_node, "functions/badge.ts")

    assert error.code == "SD-BUNDLE-020"
    assert str(error.where) == "functions/badge.ts:2  return 1 +;"
    assert error.details == ("at functions/badge.ts:2:13",)


def test_a_package_that_is_not_installed_is_named_with_the_command(bundled_node):
    bundled_node.write(
        "functions/badge.ts", "import x from '@scope/thing/deep';\nexport const handler = x;\n"
    )
    error = failure(bundled_node, "functions/badge.ts")

    assert error.what == "the handler imports `@scope/thing/deep`, which is not installed"
    assert error.fixes == ("run `npm install @scope/thing`",)
    assert str(error.where) == "functions/badge.ts:1  import x from '@scope/thing/deep';"


def test_all_errors_are_told_at_once(bundled_node):
    bundled_node.write(
        "functions/badge.ts", "import './gone';\nimport 'missing';\nexport const handler = 1;\n"
    )
    error = failure(bundled_node, "functions/badge.ts")

    assert isinstance(error, SeveralErrors)
    assert [one.what for one in error.errors] == [
        "the import `./gone` leads to no file",
        "the handler imports `missing`, which is not installed",
    ]


def test_an_unknown_option_is_refused_with_the_nearest_one(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = 1;\n")
    error = failure(bundled_node, "functions/badge.ts", build={"minfy": True})

    assert error.what == "`minfy` is not an option of `build`"
    assert error.fixes == ("write `minify`",)


def test_an_option_of_the_wrong_type_is_refused(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = 1;\n")
    error = failure(bundled_node, "functions/badge.ts", build={"external": "sharp"})

    assert error.what == "the option `external` of `build` is wrong"
    assert error.why == "expected `array`, got `str`"
