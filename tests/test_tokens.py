"""A token opens one thing, for a while, and only when we made it."""

import pytest

from coteach.errors import Forbidden
from coteach.tokens import TokenSigner


def test_claims_come_back():
    signer = TokenSigner(b"k" * 64, "live")
    assert signer.read(signer.mint({"room": "a"}, lifetime=60))["room"] == "a"


@pytest.mark.parametrize("spoil", [lambda t: t[:-2], lambda t: "x" + t, lambda t: "", lambda t: "a.b.c"])
def test_a_forged_token_is_refused(spoil):
    signer = TokenSigner(b"k" * 64, "live")
    with pytest.raises(Forbidden):
        signer.read(spoil(signer.mint({"room": "a"}, lifetime=60)))


def test_a_token_of_another_purpose_or_secret_is_refused():
    token = TokenSigner(b"k" * 64, "live").mint({"room": "a"}, lifetime=60)
    for other in (TokenSigner(b"k" * 64, "guest"), TokenSigner(b"j" * 64, "live")):
        with pytest.raises(Forbidden):
            other.read(token)


def test_an_expired_token_says_so():
    signer = TokenSigner(b"k" * 64, "live")
    with pytest.raises(Forbidden, match="expired"):
        signer.read(signer.mint({}, lifetime=-1))
