"""Checks of arguments and the messages that they raise."""

import re

import pytest

from kerasalign.support.checks import at_least, in_range, one_of, positive

NAN = float("nan")


def refused(message, check, *args, **values):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check(*args, **values)


def test_a_choice_is_accepted_or_named_with_all_choices():
    one_of("pooling", "max", ("max", "mean"))
    one_of("pooling", "max", {"max": 1})
    refused(
        "`pooling` must be one of ['max', 'mean']. Received: pooling='min'",
        one_of,
        "pooling",
        "min",
        ["max", "mean"],
    )
    refused("`m` must be one of ['5'] or a Markup. Received: m=5", one_of, "m", 5, ["5"], "or a Markup")


@pytest.mark.parametrize("value", [1, 1.0, (1, 2), [3]])
def test_numbers_at_the_bound_and_above_pass(value):
    at_least(1, filters=value)
    positive(filters=value)
    in_range(1, 3, filters=value)


@pytest.mark.parametrize("value", [0, NAN, (3, 0), [NAN, 3]])
def test_numbers_below_and_nan_are_refused(value):
    refused(f"`filters` must be at least 1. Received: filters={value!r}", at_least, 1, depth=2, filters=value)
    refused(f"`filters` must be positive. Received: filters={value!r}", positive, depth=2, filters=value)
    refused(f"`filters` must be in 1..3. Received: filters={value!r}", in_range, 1, 3, depth=2, filters=value)


def test_numbers_above_a_range_are_refused():
    refused("`p` must be in 0..1. Received: p=1.5", in_range, 0, 1, p=1.5)
