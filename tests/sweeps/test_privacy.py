from listing import Listing
from sweeps.privacy import masked


def test_reviewers_and_their_numbers_are_masked_and_spans_stay_right() -> None:
    listing = Listing.from_dict(
        {
            "title": "茶",
            "phone": "13800000000",
            "reviews": [
                {
                    "user": "茶山居士",
                    "text": "打我电话13912345678，身份证530102199001011234，编号20261111",
                },
                {"user": "李", "text": "好"},
                {"user": "ab", "text": "好"},
            ],
        }
    )
    first, second, third = masked(listing).reviews
    assert (first.user, second.user, third.user) == ("茶**士", "*", "a*")
    assert first.text == "打我电话139****5678，身份证530102********1234，编号20261111"
    assert len(first.text) == len(listing.reviews[0].text)
    assert masked(listing).phone == "13800000000", "the seller's own number is no consumer's"
