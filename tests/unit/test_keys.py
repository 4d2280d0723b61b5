"""Keys: number and ordinal in one integer, and back, without loss."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omtrace.provenance.keys import digest_of, key_of, key_text, number_of, ordinal_of, parse_key

NUMBERS = st.integers(1, 2**31 - 1)
ORDINALS = st.integers(1, 2**32 - 1)


@given(NUMBERS, ORDINALS)
def test_a_key_gives_back_its_number_and_ordinal_and_fits_into_64_bits(number, ordinal):
    key = key_of(number, ordinal)
    assert (number_of(key), ordinal_of(key)) == (number, ordinal)
    assert 0 < key < 2**63
    assert parse_key(key_text(key)) == key


@given(NUMBERS, ORDINALS, NUMBERS, ORDINALS)
def test_keys_sort_by_number_then_ordinal(number_a, ordinal_a, number_b, ordinal_b):
    assert (key_of(number_a, ordinal_a) < key_of(number_b, ordinal_b)) == (
        (number_a, ordinal_a) < (number_b, ordinal_b)
    )


def test_a_key_as_people_see_it():
    assert key_of(7, 12) == 7 * 2**32 + 12
    assert key_text(key_of(7, 12)) == "7:12"


@pytest.mark.parametrize(("number", "ordinal"), [(0, 1), (1, 0), (-1, 1), (1, -1), (2**31, 1), (1, 2**32)])
def test_what_does_not_fit_into_a_key_is_refused(number, ordinal):
    with pytest.raises(ValueError, match="no key"):
        key_of(number, ordinal)


@pytest.mark.parametrize(
    "text", ["", ":", "7", "7:", ":12", "7:12:1", " 7:12", "7:12\n", "+7:12", "7:012", "07:12", "7_0:12", "٧:12", "0:1"]
)
def test_only_the_one_form_of_a_key_is_read(text):
    with pytest.raises(ValueError):
        parse_key(text)


def test_a_digest_is_the_cut_sha256_of_the_lines_in_their_order():
    assert digest_of(["a", "b"], 12) == hashlib.sha256(b"a\nb").hexdigest()[:12]
    assert digest_of(["a", "b"]) != digest_of(["b", "a"])
    assert len(digest_of([])) == 16
