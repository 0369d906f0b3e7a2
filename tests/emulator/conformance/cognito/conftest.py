"""What tests of user pools share."""

from __future__ import annotations

import pytest

from .pools import Pool


@pytest.fixture
def pool(aws, make_function, function_arn, target):
    def make(triggers, **settings):
        return Pool(aws, make_function, function_arn, target, triggers, **settings)

    return make
