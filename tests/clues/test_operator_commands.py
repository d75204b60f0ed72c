"""`yunjian operators`, `yunjian operator …`, `yunjian registry …` as officers call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import settings
from cli import app
from storage import open_store
from tests.clues.shops import ONE_CODE, operator_of, settled, shop


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    store = open_store(settings.load().store_url)
    yield store
    store.close()


def yunjian(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_an_officer_looks_confirms_and_takes_it_back(own_store: Any) -> None:
    one = shop(own_store, "甲虚茶行", operator_name="甲虚茶行", phone="0871-00036481")
    other = shop(own_store, "乙假想茶舍", operator_name="乙假想茶舍", phone="0871-00036481")
    settled(own_store)
    listed = [json.loads(line) for line in yunjian("operators", "--json").stdout.splitlines()]
    assert [row["name"] for row in listed] == ["甲虚茶行", "乙假想茶舍"]
    assert "2 operators" in yunjian("operators", "--q", "00036481").stdout
    shown = yunjian("operator", str(one.operator_id))
    assert shown.exit_code == 0 and "电话 0.70 found" in shown.stdout
    told = json.loads(yunjian("operator", "show", str(one.operator_id), "--json").stdout)
    link = str(told["links"][0]["id"])
    assert "1 merged" in yunjian("operator", "confirm", link, "--as", "李某", "--why", "实地核查").stdout  # fmt: skip
    assert operator_of(own_store, one) == operator_of(own_store, other)
    again = yunjian("operator", str(other.operator_id)).stdout
    assert "已并入" in again and "李某" in again and "实地核查" in again
    change = json.loads(yunjian("operator", "show", str(one.operator_id), "--json").stdout)["changes"][0]["id"]  # fmt: skip
    split = yunjian("operator", "split", str(one.operator_id), "--change", str(change), "--as", "王某", "--why", "两户")  # fmt: skip
    assert split.exit_code == 0
    assert operator_of(own_store, one) != operator_of(own_store, other)


def test_what_can_not_be_done_is_one_sentence(own_store: Any) -> None:
    row = shop(own_store, "甲虚茶行", operator_name="甲虚茶行")
    for arguments, why in (
        (("operator", "99"), "no operator 99"),
        (("operator", "cut", "99", "--as", "李某", "--why", "x"), "no link 99"),
        (("operator", "merge", str(row.operator_id), str(row.operator_id), "--as", "李某", "--why", "x"), "one already"),
        (("operator", "confirm", "1", "--as", " ", "--why", "x"), "no link 1"),
        (("registry", "load", "none.csv"), "can't be read"),
    ):  # fmt: skip
        result = yunjian(*arguments)
        assert result.exit_code == 1 and why in result.stderr, arguments
    assert yunjian("operator", "merge", "1", "2").exit_code == 2, "without a name and a reason"


def test_a_register_is_loaded_compared_and_its_rejects_are_named(own_store: Any, tmp_path: Path) -> None:  # fmt: skip
    shop(own_store, "镜象", operator_name="昆明镜象假想科技有限公司", uscc=ONE_CODE)
    register = tmp_path / "名录.csv"
    register.write_text(
        f"统一社会信用代码,企业名称\n{ONE_CODE},昆明镜象假想科技有限公司\n{ONE_CODE[:-1]}A,乙公司\n",
        encoding="gb18030",
    )
    loaded = yunjian("registry", "load", str(register))
    assert loaded.exit_code == 1 and "1 new" in loaded.stdout and "gb18030" in loaded.stdout
    assert "名录.rejects.csv" in loaded.stderr
    checked = yunjian("registry", "check")
    assert checked.exit_code == 0 and "confirmed 1" in checked.stdout
    assert "loaded before" in yunjian("registry", "load", str(register)).stdout
