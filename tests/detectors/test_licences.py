"""Numbers of licences: what an authority gives passes, what none gives is told."""

from __future__ import annotations

import pytest

from detectors.reasoning.licences import malformed, without_licence


@pytest.mark.parametrize(
    "text",
    [
        "注册证编号：国械注准20153640123",
        "豫械注准20202140687",
        "滇昆械备20150001号",
        "医疗器械注册证编号见包装，器械备案凭证齐全",
        "国药准字Z53020799",
        "国药准字HJ20140001",
        "国食健注G20180811",
        "食健备G201953000123",
        "粤G妆网备字2023005512",
        "国妆特字20210001",
        "农药登记证号PD20152003",
        "农药登记证号PD85122-4",
    ],
)
def test_a_number_in_its_form_is_not_told(text: str) -> None:
    assert list(malformed(text)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("滇昆械备字第A-008号", "医疗器械编号"),
        ("国械注准2015364", "医疗器械编号"),
        ("国药准字123456", "药品批准文号"),
        ("国药准字Z00000000", "药品批准文号"),
        ("国食健注20180811", "保健食品批准文号"),
        ("食健备G2019", "保健食品备案号"),
        ("粤G妆网备字2023", "化妆品备案号"),
        ("农药登记证号PD2015200", "农药登记证号"),
    ],
)
def test_a_number_that_no_authority_gives_is_told(text: str, named: str) -> None:
    (told,) = malformed(text)
    assert told.startswith(named)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("食品经营许可", "无", True),
        ("生产许可证", "办理中", True),
        ("备案编号", "没有", True),
        ("食品经营许可", "无需（食用农产品）", False),
        ("生产许可证编号", "SC11453080210474", False),
        ("品牌", "无", False),
    ],
)
def test_an_attribute_that_says_there_is_no_licence(key: str, value: str, expected: bool) -> None:
    assert without_licence(key, value) is expected
