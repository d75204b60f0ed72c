import pytest

from clues import Jurisdiction
from detectors import Detector
from listing import Listing


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ship_from": "云南 昆明"}, "5301"),
        ({"address": "云南省西双版纳傣族自治州勐海县布朗山"}, "532822"),
        ({"ship_from": "云南文山"}, "5326"),
        ({"ship_from": "广东 深圳"}, "4403"),
        ({"address": "北京市朝阳区"}, "110105"),
        ({"address": "朝阳区"}, ""),
        ({"address": "云南省普洱市思茅区", "ship_from": "广东"}, "530802"),
        ({}, ""),
    ],
)
def test_the_narrowest_division_that_is_certain(
    detector: Detector, fields: dict[str, str], code: str
) -> None:
    where = Jurisdiction(detector.knowledge.places)
    assert where.of(Listing.from_dict({"title": "茶", **fields})) == code


def test_a_code_has_a_readable_path(detector: Detector) -> None:
    assert detector.knowledge.places.path("532822") == "云南省西双版纳傣族自治州勐海县"
