import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from listing import FileProblem, Listing, ListingError, is_uscc, read_listings


def test_only_a_title_is_needed() -> None:
    assert Listing.from_dict({"title": "普洱茶"}).to_dict() == {
        "title": "普洱茶",
        "currency": "CNY",
    }


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "茶", "price": "便宜"}, "price"),
        ({"title": "茶", "reviews": "no"}, "reviews"),
        ({"title": "茶", "attributes": [1]}, "attributes"),
        ([], "object"),
    ],
)
def test_data_that_is_no_listing_names_the_field(data: object, named: str) -> None:
    with pytest.raises(ListingError, match=named):
        Listing.from_dict(data)


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    listing = Listing.from_dict({"title": "茶", "seen_at": "2026-11-11T08:00:00+08:00"})
    assert listing.seen_at == datetime(2026, 11, 11, tzinfo=UTC)


def test_the_content_hash_ignores_when_it_was_seen_and_nothing_else() -> None:
    one = Listing(title="茶", price=Decimal(5), seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    later = one.model_copy(update={"seen_at": datetime(2026, 2, 1, tzinfo=UTC)})
    dearer = one.model_copy(update={"price": Decimal(6)})
    assert one.content_hash() == later.content_hash() != dearer.content_hash()


def test_a_bad_line_is_named_and_the_rest_goes_on() -> None:
    lines = io.StringIO('{"title": "一"}\nnot json\n{"price": 1}\n{"title": "二"}\n')
    found = list(read_listings(lines, "jsonl"))
    assert [f.title for f in found if isinstance(f, Listing)] == ["一", "二"]
    assert [f.line for f in found if isinstance(f, FileProblem)] == [2, 3]


def test_csv_has_the_same_columns_and_lists_as_json_in_cells() -> None:
    rows = io.StringIO(
        "title,price,attributes,images\n"
        '普洱茶,¥99,"{""产地"": ""云南""}","[""a.jpg"", ""b.jpg""]"\n'
        "三七,面议,,\n"
        "坏行,abc,,\n"
    )
    first, second, bad = read_listings(rows, "csv")
    assert isinstance(first, Listing) and isinstance(second, Listing)
    assert (first.price, first.attributes, first.images) == (
        Decimal(99), {"产地": "云南"}, ["a.jpg", "b.jpg"],
    )  # fmt: skip
    assert second.price is None
    assert isinstance(bad, FileProblem) and bad.line == 4 and "price" in bad.error


def test_csv_without_a_title_column_says_so() -> None:
    (problem,) = read_listings(io.StringIO("名称,价格\n茶,1\n"), "csv")
    assert isinstance(problem, FileProblem) and "title" in problem.error


def test_a_uscc_is_sound_only_with_its_check_character() -> None:
    # The first is the worked example of GB 32100-2015.
    assert is_uscc("91350100M000100Y43")
    assert not is_uscc("91350100M000100Y44")
    assert not is_uscc("91350100M000100Y4")
    assert not is_uscc("91350100I000100Y43")


def test_nul_which_no_database_keeps_is_replaced_and_the_listing_read() -> None:
    listing = Listing.from_dict(
        {"title": "a\0b", "shop_name": "\0", "attributes": {"k\0": "v"}, "reviews": '[{"text": "\\u0000\\ud800"}]'}
    )  # fmt: skip
    assert (listing.title, listing.shop_name, listing.attributes) == ("a\ufffdb", "\ufffd", {"k\ufffd": "v"})  # fmt: skip
    assert listing.reviews[0].text == "\ufffd\ufffd"


def test_half_a_surrogate_pair_is_replaced_and_the_listing_read() -> None:
    listing = Listing.from_dict({"title": "最\ud83d好", "attributes": {"\udc00产地": "云南"}})
    assert listing.title == "最\ufffd好"
    assert listing.attributes == {"\ufffd产地": "云南"}


def test_words_read_in_a_picture_tell_where_they_stand() -> None:
    listing = Listing.from_dict(
        {
            "title": "茶", "images": ["http://x.example/0.jpg", "http://x.example/1.jpg"],
            "image_text": ["不知从哪来", "首行", "次行"], "image_boxes": [[1, 2, 3, 40, 50], [7, 2, 60, 40, 90]],
        }
    )  # fmt: skip
    assert listing.in_picture("image_text[1]") == {"image": 1, "image_url": "http://x.example/1.jpg", "box": [2, 3, 40, 50]}  # fmt: skip
    assert listing.in_picture("image_text[2]") == {"image": 7, "image_url": "", "box": [2, 60, 40, 90]}  # fmt: skip
    for field in ("image_text[0]", "image_text[3]", "title", "reviews[1].text"):
        assert listing.in_picture(field) == {}
