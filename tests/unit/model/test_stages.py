"""What `[tool.sundog.stages]` says of a stage."""

from __future__ import annotations

import pytest

from sundog.model.project import InvalidSettings, UnknownRegion, find_project


@pytest.fixture
def project(tmp_path):
    def write(stages="", own=""):
        (tmp_path / "pyproject.toml").write_text(f'[tool.sundog]\nname = "shop"\n{own}\n{stages}')
        return find_project(tmp_path)

    return write


def test_a_protected_stage_keeps_data_unless_it_says_otherwise(project):
    shop = project(
        "[tool.sundog.stages.prod]\nprotected = true\n"
        '[tool.sundog.stages.load]\nprotected = true\nremoval = "destroy"\n'
        '[tool.sundog.stages.test]\nremoval = "retain"\n'
    )

    assert {name: shop.stage(name).removal for name in ("prod", "load", "test", "alice", "local")} == {
        "prod": "retain",
        "load": "destroy",
        "test": "retain",
        "alice": "destroy",
        "local": "destroy",
    }


def test_tags_of_a_stage_lie_over_those_of_the_app(project):
    shop = project('[tool.sundog.stages.prod.tags]\ncost = "42"\n', 'tags = { team = "a", cost = "1" }')

    assert shop.stage("prod").tags == {"team": "a", "cost": "42"}
    assert shop.stage(None).tags == {"team": "a", "cost": "1"}


def test_a_stage_with_regions_is_each_of_them_and_narrowed_by_the_option(project):
    shop = project('[tool.sundog.stages.prod]\nregions = ["eu-west-1", "us-east-1"]\n')

    assert shop.regions("prod", None) == ["eu-west-1", "us-east-1"]
    assert shop.regions("prod", "us-east-1") == ["us-east-1"]
    assert shop.regions("alice", None) == [None]
    assert shop.stage("prod").region == "eu-west-1"
    assert shop.stage("alice", region="ap-south-1").region == "ap-south-1"


def test_regions_have_state_of_their_own_and_the_first_that_of_a_single_one(project):
    shop = project('[tool.sundog.stages.prod]\nregions = ["eu-west-1", "us-east-1"]\n')

    assert shop.in_region("prod", "eu-west-1").stage_dir("prod") == shop.root / ".sundog/prod"
    assert (
        shop.in_region("prod", "us-east-1").stage_dir("prod") == shop.root / ".sundog/regions/us-east-1/prod"
    )
    assert shop.in_region("alice", "us-east-1").stage_dir("alice") == shop.root / ".sundog/alice"
    assert shop.in_region("prod", "us-east-1").base_dir == shop.root / ".sundog"


def test_a_region_that_the_stage_does_not_list_is_refused(project):
    shop = project('[tool.sundog.stages.prod]\nregions = ["eu-west-1", "us-east-1"]\n')

    with pytest.raises(UnknownRegion) as raised:
        shop.stage("prod", region="us-east-2")

    assert raised.value.fixes == ("write `us-east-1`",)


@pytest.mark.parametrize(
    ("stages", "why"),
    [
        ('[tool.sundog.stages.prod]\nregion = "a"\nregions = ["b"]', "`region` and `regions` are both set"),
        ('[tool.sundog.stages.prod]\nregions = ["a", "a"]', "a region is listed twice"),
        ('[tool.sundog.stages.local]\nregions = ["a"]', "the stage `local` lives on this machine, once"),
        ('[tool.sundog.stages.prod.tags]\n"aws:x" = "y"', "does not begin with `aws:`"),
        (f'[tool.sundog.stages.prod.tags]\nx = "{"y" * 257}"', "its value has at most 256"),
        ('[tool.sundog.stages.prod]\nremoval = "keep"', "invalid enum value 'keep'"),
    ],
)
def test_settings_that_cannot_be_are_refused(project, stages, why):
    with pytest.raises(InvalidSettings) as raised:
        project(stages)

    assert why in str(raised.value.why)
