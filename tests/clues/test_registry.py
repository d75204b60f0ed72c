"""Registers of enterprises: loaded from real bytes, and compared with what shops show."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import select

from clues import one_clue
from clues.registry import RegistryError, load_registry
from clues.registry_check import Checked, check_registry
from storage import Store
from storage import models as m
from storage.operators import OperatorPlace
from storage.registry import RegistryEntry, RegistryFile, RegistryResult
from tests.clues.shops import ONE_CODE, OTHER_CODE, PLACES, operator_of, settled, shop

HEAD = "序号,统一社会信用代码,企业名称,登记状态,住所,行政区划代码"
ROWS = [
    f"1,{ONE_CODE},昆明镜象假想科技有限公司,存续,云南省昆明市五华区镜象大厦3楼,530102",
    f"2,{OTHER_CODE},勐海云岫虚构茶业有限公司,注销,云南省西双版纳州勐海县虚构路1号,532822",
]


def register(folder: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8", name: str = "r.csv") -> Path:  # fmt: skip
    path = folder / name
    path.write_bytes("\r\n".join([head, *(rows or ROWS), ""]).encode(encoding))
    return path


def check(store: Store) -> Checked:
    return check_registry(store, PLACES)


def results(store: Store) -> dict[str, str]:
    with store.session() as session:
        rows = session.execute(select(RegistryResult.result, RegistryResult.says))
        return {result: says for result, says in rows}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_register_is_read_in_any_encoding_by_its_headings(store: Store, tmp_path: Path, encoding: str) -> None:  # fmt: skip
    done = load_registry(store, register(tmp_path, encoding=encoding), covers="53")
    assert (done.rows, done.new, done.rejected, done.rejects) == (2, 2, 0, None)
    assert done.columns["code"] == "统一社会信用代码" and done.columns["address"] == "住所"
    with store.session() as session:
        entry = session.get_one(RegistryEntry, ONE_CODE)
        assert (entry.name, entry.status, entry.district) == ("昆明镜象假想科技有限公司", "存续", "530102")  # fmt: skip


def test_loading_twice_changes_nothing_and_a_newer_file_only_what_it_says_anew(store: Store, tmp_path: Path) -> None:  # fmt: skip
    load_registry(store, register(tmp_path))
    assert load_registry(store, register(tmp_path)).repeated
    newer = register(tmp_path, ROWS[0].replace("存续", "吊销，未注销"), ROWS[1], name="r2.csv")
    done = load_registry(store, newer)
    assert (done.rows, done.new, done.changed) == (2, 0, 1)
    with store.session() as session:
        assert session.get_one(RegistryEntry, ONE_CODE).status == "吊销，未注销"
        assert len(session.scalars(select(RegistryFile)).all()) == 2


def test_bad_rows_come_back_with_line_and_reason_and_good_ones_go_in(store: Store, tmp_path: Path) -> None:  # fmt: skip
    wrong = ONE_CODE[:-1] + "A"
    path = register(
        tmp_path, f"1,{wrong},甲公司,存续,某地,530102", ROWS[0], "3,,无码公司,存续,某地,530102", f"4,{OTHER_CODE},,存续,某地,530102",
        f"5,{OTHER_CODE},少一列公司,存续,某地", f'6,{OTHER_CODE},"未闭合公司,存续,某地,530102', "7,x,被吞的公司,存续,某地,530102",
    )  # fmt: skip
    done = load_registry(store, path)
    assert (done.rows, done.rejected) == (1, 5)
    assert done.rejects == tmp_path / "r.rejects.csv"
    with done.rejects.open(encoding="utf-8-sig", newline="") as file:
        told = list(csv.reader(file))
    assert told[0][:3] == ["行", "原因", "序号"]
    assert [(row[0], row[1]) for row in told[1:]] == [
        ("2", f"统一社会信用代码“{wrong}”校验不成立"),
        ("4", "无统一社会信用代码"),
        ("5", "无名称"),
        ("6", "应有 6 列，实有 5 列"),
        ("7", "应有 6 列，实有 3 列"),
    ]
    assert "被吞的公司" in told[-1][-1], "nothing is lost"


def test_other_headings_are_named_and_missing_ones_told(store: Store, tmp_path: Path) -> None:
    path = register(tmp_path, f"{ONE_CODE},甲虚公司", head="信用码,户名")
    with pytest.raises(RegistryError, match="信用码、户名"):
        load_registry(store, path)
    assert load_registry(store, path, columns={"code": "信用码", "name": "户名"}).rows == 1
    with pytest.raises(RegistryError, match="can't be read"):
        load_registry(store, tmp_path / "none.csv")
    with pytest.raises(RegistryError, match="division code"):
        load_registry(store, path, covers="云南")


def test_a_byte_that_is_no_character_rejects_its_row_alone(store: Store, tmp_path: Path) -> None:
    path = register(tmp_path)
    path.write_bytes(path.read_bytes().replace("镜象大厦".encode(), b"\xff\xfe\xfd"))
    done = load_registry(store, path, encoding="utf-8")
    assert (done.rows, done.rejected) == (1, 1)


def test_a_name_that_agrees_with_its_code_is_confirmed_and_settles_the_district(store: Store, tmp_path: Path) -> None:  # fmt: skip
    row = shop(store, "镜象", operator_name="昆明镜象假想科技有限公司", uscc=ONE_CODE, ship_from="广东 广州")  # fmt: skip
    settled(store)
    load_registry(store, register(tmp_path), covers="53")
    done = check(store)
    assert done.results == {"confirmed": 1} and not done.opened
    with store.session() as session:
        place = session.get_one(OperatorPlace, row.operator_id)
        assert place.code == "530102" and place.confidence > 0.75
        assert place.reasons[0]["kind"] == "registry"
    assert check(store).results == {"confirmed": 1}, "again is the same"


def test_somebody_elses_code_opens_a_clue_against_the_shop_and_not_its_owner(store: Store, tmp_path: Path) -> None:  # fmt: skip
    honest = shop(store, "镜象", operator_name="昆明镜象假想科技有限公司", uscc=ONE_CODE)
    forger = shop(store, "假行", operator_name="盘龙区乌有冒名商行", uscc=ONE_CODE)
    assert honest.operator_id == forger.operator_id
    load_registry(store, register(tmp_path))
    done = check(store)
    assert done.results == {"confirmed": 1, "other_name": 1} and done.separated == 1
    assert operator_of(store, honest) == honest.operator_id != operator_of(store, forger)
    with store.session() as session:
        (clue,) = session.scalars(select(m.Clue)).all()
        assert (clue.violation, clue.subject) == ("forged_name", f"operator:{operator_of(store, forger)}")  # fmt: skip
        view = one_clue(session, clue.id)
    assert view is not None and view.words == ["盘龙区乌有冒名商行"]
    assert ONE_CODE in view.detail["signals"][0]["reason"]
    again = check(store)
    assert not again.opened and not again.grown and again.separated == 0


def test_a_cancelled_operator_opens_a_clue(store: Store, tmp_path: Path) -> None:
    shop(store, "云岫", operator_name="勐海云岫虚构茶业有限公司", uscc=OTHER_CODE)
    load_registry(store, register(tmp_path))
    assert check(store).results == {"cancelled": 1}
    with store.session() as session:
        clue = session.scalars(select(m.Clue)).one()
        assert (clue.violation, clue.region) == ("unlawful_operator", "532822")


def test_absence_says_something_only_where_the_register_vouches(store: Store, tmp_path: Path) -> None:  # fmt: skip
    shop(store, "一", operator_name="昆明乌有查无虚构茶业有限公司")
    shop(store, "二", operator_name="广州乌有查无虚构茶业有限公司")
    shop(store, "三", uscc="92530103MAUGJ3L280", operator_name="盘龙区葵竹虚构经营部")
    load_registry(store, register(tmp_path))
    assert check(store).results == {}
    load_registry(store, register(tmp_path), covers="53")
    assert check(store).results == {"unknown_name": 1, "unknown_code": 1}
    assert "昆明乌有查无" in results(store)["unknown_name"]
    with store.session() as session:
        assert sorted(session.scalars(select(m.Clue.violation))) == ["forged_name", "unlawful_operator"]  # fmt: skip


def test_a_registered_name_without_a_code_is_found_and_no_more(store: Store, tmp_path: Path) -> None:  # fmt: skip
    shop(store, "一", operator_name="昆明镜象假想科技有限公司")
    shop(store, "二", operator_name="昆明镜象假想科技有限公司", uscc=ONE_CODE[:-1] + "A")
    load_registry(store, register(tmp_path), covers="53")
    assert check(store).results == {"name_only": 1, "bad_code": 1}
    assert ONE_CODE in results(store)["bad_code"]
