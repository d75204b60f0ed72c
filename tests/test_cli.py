"""The commands as people and programs call them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app
from storage import Vault, open_store
from tests.clues.test_pictures import TEA, clue_of, shown


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def yunjian(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


LISTINGS = (
    '{"id": "a", "title": "全网最*好的茶", "goods": "tea"}\n'
    "not json\n"
    '{"id": "b", "title": "普洱茶", "goods": "tea"}\n'
    '{"title": "", "price": "x"}\n'
    '{"id": "c", "title": "三七粉 治疗高血压", "goods": "sanqi"}\n'
)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_scan_answers_each_listing_in_order_and_names_bad_lines(
    own_folder: Path, jobs: str
) -> None:
    (own_folder / "x.jsonl").write_text(LISTINGS, encoding="utf-8")
    result = yunjian("scan", "x.jsonl", "--jobs", jobs)
    assert result.exit_code == 1, "some lines were bad"
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert [row["violations"] for row in rows] == [["absolute_claim"], [], ["medical_claim"]]
    problems = [json.loads(line) for line in result.stderr.splitlines()]
    assert [p["line"] for p in problems] == [2, 4] and "title" in problems[1]["error"]


def test_a_signal_has_the_fields_that_other_programs_rely_on(own_folder: Path) -> None:
    (own_folder / "x.jsonl").write_text(LISTINGS.splitlines()[0], encoding="utf-8")
    (row,) = [json.loads(line) for line in yunjian("scan", "x.jsonl").stdout.splitlines()]
    assert row.keys() == {"id", "signals", "violations", "score"} and 0 < row["score"] <= 1
    (signal,) = row["signals"]
    wanted = {
        "rule",
        "violation",
        "field",
        "start",
        "end",
        "text",
        "strength",
        "disguise",
        "reason",
        "law",
    }
    assert wanted <= signal.keys()
    assert "全网最*好的茶"[signal["start"] : signal["end"]] == signal["text"]
    assert "最*好" in signal["text"]
    assert signal["disguise"] == ["separator"] and signal["law"] == ["ad-law-9-3"]


def test_scan_tells_where_in_a_picture_words_stand() -> None:
    line = '{"title": "茶", "images": ["http://x.example/1.jpg"], "image_text": ["全网最低价"], "image_boxes": [[0, 5, 6, 70, 80]]}'  # fmt: skip
    signal = json.loads(yunjian("scan", "-", stdin=line).stdout)["signals"][0]
    assert (signal["field"], signal["image"], signal["image_url"], signal["box"]) == (
        "image_text[0]", 0, "http://x.example/1.jpg", [5, 6, 70, 80],
    )  # fmt: skip
    plain = json.loads(yunjian("scan", "-", stdin='{"title": "顶级茶"}').stdout)["signals"][0]
    assert "box" not in plain and "image" not in plain


def test_a_clue_names_who_uses_the_same_picture(own_folder: Path) -> None:
    store = open_store(f"sqlite:///{own_folder / 'data' / 'yunjian.db'}")
    clue_id = clue_of(store, shown(store, "甲店", TEA))
    shown(store, "乙店", TEA, operator="虚构乙公司")
    store.close()
    text = yunjian("clue", str(clue_id)).stdout
    assert "关联  虚构乙公司  乙店  operator:1  相同图片 1 张" in text
    assert "本方  http://img.example/甲店/1-0.jpg  甲店  甲店的茶1" in text
    assert "对方  http://img.example/乙店/1-0.jpg  乙店  乙店的茶1" in text


def test_scan_reads_standard_input_and_csv(own_folder: Path) -> None:
    assert json.loads(yunjian("scan", "-", stdin='{"title": "顶级茶"}').stdout)["violations"] == [
        "absolute_claim"
    ]
    (own_folder / "x.csv").write_text("title,terms\n茶,概不退换\n", encoding="utf-8")
    assert json.loads(yunjian("scan", "x.csv").stdout)["violations"] == ["return_refusal"]


def test_scan_reads_a_web_archive(own_folder: Path) -> None:
    html = "<h1>最好的普洱茶</h1><p>价格：¥9</p><button>加入购物车</button>".encode()
    with Vault(own_folder).writer("w") as writer:
        ref = writer.response("http://x.example/item/1", 200, [("Content-Type", "text/html; charset=utf-8")], html, datetime.now(UTC))  # fmt: skip
    row = json.loads(yunjian("scan", ref.warc_file).stdout)
    assert row["id"] == "http://x.example/item/1" and row["violations"] == ["absolute_claim"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("scan", "gone.jsonl"), 1, "gone.jsonl"),
        (("scan", "x.txt"), 2, "--format"),
        (("scan", "x.txt", "--format", "pdf"), 2, "no such format: pdf"),
        (("read", "gone.html", "--source", "jd"), 1, "gone.html"),
        (("read", "x.html", "--source", "amazon"), 2, "no such source: amazon"),
        (("read", "x.html", "--source", "jd", "--kind", "shop"), 2, "no such kind: shop"),
        (("clues", "--format", "pdf"), 2, "no such format: pdf"),
        (("clues", "--since", "gestern"), 2, "--since"),
        (("clue", "1"), 1, "no clue 1"),
        (("rules", "show", "nothing"), 1, "no rule nothing"),
    ],
)
def test_wrong_input_is_one_plain_sentence(
    arguments: tuple[str, ...], code: int, says: str
) -> None:
    result = yunjian(*arguments)
    assert result.exit_code == code and says in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("YUNJIAN_DOWNLOAD_DELAY", "-1", "download_delay"),
        ("YUNJIAN_DATABASE_URL", "mysql://x/y", "mysql"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    result = yunjian("clues")
    assert result.exit_code in (1, 2) and says in result.stderr and "Traceback" not in result.output


def test_settings_come_from_a_file_and_an_unknown_one_is_named(own_folder: Path) -> None:
    (own_folder / "yunjian.toml").write_text('data_dir = "elsewhere"\n')
    assert yunjian("clues").exit_code == 0 and (own_folder / "elsewhere" / "yunjian.db").exists()
    (own_folder / "yunjian.toml").write_text('data_dri = "x"\n')
    result = yunjian("clues")
    assert result.exit_code == 2 and "data_dri" in result.stderr


def test_an_empty_store_lists_no_clues() -> None:
    assert yunjian("clues", "--format", "json").stdout.strip() == "[]"
    assert "0 clues" in yunjian("clues").stdout


def test_rules_are_tested_listed_and_shown() -> None:
    tested = yunjian("rules", "test")
    assert tested.exit_code == 0 and "0 failed" in tested.stdout
    assert "24 of 24 violations" in yunjian("rules", "list").stdout
    shown = yunjian("rules", "show", "absolute-words").stdout
    assert "absolute_claim" in shown and "第九条第（三）项" in shown


def test_a_broken_rule_fails_the_command_and_names_the_line(
    own_folder: Path, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(house / "rules", own_folder / "rules")
    path = own_folder / "rules" / "violations" / "absolute_claim" / "absolute-words.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("strength:", "strenght:"), encoding="utf-8"
    )
    monkeypatch.setenv("YUNJIAN_RULES_DIR", str(own_folder / "rules"))
    result = yunjian("rules", "test")
    assert (
        result.exit_code == 1
        and "absolute-words.yaml:" in result.stderr
        and "strenght" in result.stderr
    )


def test_the_doctor_names_what_it_looked_at() -> None:
    result = yunjian("doctor")
    assert result.exit_code == 0, result.output
    for name in (
        "settings",
        "rules",
        "store",
        "browser",
        "Chinese font",
        "pictures",
        "source taobao",
    ):
        assert name in result.stdout


def test_reading_a_recorded_page(shared: Path) -> None:
    result = yunjian(
        "read", str(shared / "pages" / "taobao-search-shoes.html.gz"), "--source", "taobao", "--kind", "search"
    )  # fmt: skip
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0 and len(rows) == 36 and rows[0]["price"] == "115.00"


def test_a_hostile_title_does_not_steer_the_terminal() -> None:
    from commands.screen import printable

    assert printable("茶\x1b[2J\u202e叶\r") == "茶 [2J 叶 "


def test_each_error_known_by_name_is_there() -> None:
    from commands.screen import KNOWN

    for name, code in KNOWN.items():
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(import_module(module), kind), Exception), name
        assert code in (1, 2)


def test_the_installed_command_finds_all_parts_from_anywhere(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("yunjian")
    done = subprocess.run(
        [command, "sweep", "--dry-run", "--json", "--goods", "tea", "--source", "jd"],
        cwd=tmp_path, env=os.environ | {"YUNJIAN_DATA_DIR": str(tmp_path / "data")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tasks"]
