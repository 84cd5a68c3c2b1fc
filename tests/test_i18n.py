"""The language is the person's: asked for, chosen, hers, the browser's."""

import pytest

from coteach import i18n


@pytest.mark.parametrize(("given", "expected"), [
    ({"query": "vi", "cookie": "en"}, "vi"),
    ({"query": "xx", "cookie": "zh-TW"}, "zh-Hant"),
    ({"person": "vi", "accept": "en"}, "vi"),
    ({"accept": "zh-HK,zh;q=0.9,en;q=0.8"}, "zh-Hant"),
    ({"accept": "fr,en;q=0.2,vi;q=0.7"}, "vi"),
    ({"accept": "en-GB;q=bad,,;;"}, "en"),
    ({}, "en"),
])
def test_negotiation(given, expected):
    assert i18n.negotiate(**given) == expected


def test_a_language_block_ends():
    with i18n.language("vi"):
        assert i18n.get_language() == "vi"
    assert i18n.get_language() == "en"
