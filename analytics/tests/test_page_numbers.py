"""Numbers as the pages print them: never rounded to what they are not, in the unit that a person would choose."""

from __future__ import annotations

import json

from analytics.templatetags.reading import lookup, mebibytes, percent, size


def test_shares_are_never_rounded_to_what_they_are_not() -> None:
    assert [percent(share) for share in (0, 0.004, 0.5, 0.996, 1)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]


def test_sizes_are_said_in_their_larger_unit() -> None:
    assert [mebibytes(count) for count in (500, 2048)] == ["500 MiB", "2 GiB"]


def test_a_place_that_is_not_in_the_result_has_no_number() -> None:
    assert lookup(json.loads('{"engagement": {"general": null}}'), "engagement.general.score") is None


def test_a_size_is_in_powers_of_ten_as_on_the_receipt() -> None:
    sizes = (0, 1, 999, 4_005, 5_369_070, 2_000_000_000, 3 * 10**12)
    assert [size(count) for count in sizes] == [
        *("0 bytes", "1 byte", "999 bytes", "4.0 kB", "5.4 MB", "2.0 GB", "3000.0 GB"),
    ]
