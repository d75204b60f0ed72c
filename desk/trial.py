"""Trying rules on what an officer pastes: a text under the rules that stand, a rule file as a draft.

Both are bounded in size and time. Nothing that was pasted is written anywhere.
"""

from __future__ import annotations

import difflib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import detectors
from detectors import Detection, Detector, Signal
from detectors.ruleset import Rule
from listing import Listing, ListingError

__all__ = [
    "BIGGEST", "FIELDS", "LARGEST_FILE", "Checked", "Piece", "Tried", "TrialError", "check_file", "marked", "try_text",
]  # fmt: skip

BIGGEST = 20_000
"""Bytes of a text that is tried."""
LARGEST_FILE = 100_000
"""Bytes of a rule file."""
PATIENCE = 10.0
"""Seconds for a text …"""
FILE_SECONDS = 10
"""Of the processor for a file with its examples …"""
FILE_PATIENCE = 60.0
"""… and by the clock, on a machine that has other things to do."""
FIELDS = {
    "text": "详情", "title": "标题", "image_text": "图片文字", "terms": "条款", "reviews": "评价（一行一条）",
    "attributes": "参数（一行一项，名称：值）", "shop_name": "店名", "operator_name": "经营主体", "brand": "品牌", "origin": "产地",
}  # fmt: skip
"""What a pasted text may be."""

_ENDLESS = "没有在限定的时间内检查完：多半是正则反复回溯（重复之中又有重复），请改写"
_POOL = ThreadPoolExecutor(2, "try")
_PLACES = BoundedSemaphore(2)


class TrialError(ValueError):
    """What was pasted can't be tried: says why, in Chinese, fit to be shown."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, marked or not."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What the rules say of a text."""

    own: tuple[Signal, ...]
    """Of the rule that was tried, whatever the goods."""
    all: Detection
    fields: tuple[tuple[str, tuple[Piece, ...], tuple[Piece, ...]], ...]
    """Each field with the words of that rule marked, and with those of all rules."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is said of a draft of a rule file."""

    problems: tuple[str, ...]
    examples: int
    failures: tuple[tuple[str, str, str], ...]
    """Kind, example, why."""
    diff: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether it could stand as it is."""
        return not self.problems and not self.failures


def listing_of(field: str, text: str, more: Mapping[str, str]) -> Listing:
    """The text as one field of a listing, with `more` fields; raises `TrialError`."""
    if field not in FIELDS:
        raise TrialError("没有这个栏目")
    size = len(text.encode("utf-8", "replace")) + sum(len(v.encode("utf-8", "replace")) for v in more.values())  # fmt: skip
    if size > BIGGEST:
        raise TrialError(f"文本过长：{size:,} 字节，至多 {BIGGEST:,} 字节")
    if not text.strip() and not more.get("title", "").strip():
        raise TrialError("请粘贴要试的文本")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said: Any = text
    if field == "reviews":
        said = [{"text": line} for line in lines]
    elif field == "image_text":
        said = lines
    elif field == "attributes":
        pairs = [line.replace(":", "：", 1).partition("：") for line in lines]
        said = {name.strip(): value.strip() for name, _, value in pairs}
    fields: dict[str, Any] = {k: v for k, v in more.items() if v.strip()} | {field: said}
    if not str(fields.get("title", "")).strip():
        fields["title"] = "商品"
    try:
        return Listing.from_dict(fields)
    except ListingError as error:
        raise TrialError(f"不能作为商品读取：{error}") from None


def try_text(detector: Detector, rule: Rule, listing: Listing) -> Tried:
    """What the rule, and all rules, say of a listing; raises `TrialError` where it takes too long."""
    work = _POOL.submit(lambda: (detector.detect_rule(rule, listing), detector.detect(listing)))
    try:
        own, found = work.result(PATIENCE)
    except Late:
        work.cancel()
        raise TrialError(f"这段文本 {PATIENCE:.0f} 秒内没有试完，请缩短后再试") from None
    names = dict.fromkeys(one.field for one in (*own, *found.signals))
    texts = {name: _text_of(listing, name) for name in names}
    fields = tuple(
        (name, marked(text, (s for s in own if s.field == name)),
         marked(text, (s for s in found.signals if s.field == name)))
        for name, text in texts.items()
    )  # fmt: skip
    return Tried(tuple(own), found, fields)


def _text_of(listing: Listing, name: str) -> str:
    """A field as a signal names it (`detectors.fields`)."""
    if name.startswith("attributes."):
        return listing.attributes.get(name.removeprefix("attributes."), "")
    plain, _, place = name.partition("[")
    value: Any = getattr(listing, plain)
    if not place:
        return str(value)
    one = value[int(place.partition("]")[0])]
    return str(getattr(one, "text", one))


def marked(text: str, signals: Iterable[Signal]) -> tuple[Piece, ...]:
    """A text in pieces, the words of signals marked; those that overlap together."""
    pieces: list[Piece] = []
    at = 0
    for start, end in sorted((one.start, one.end) for one in signals):
        start = max(start, at)
        if start >= end:
            continue
        if start > at:
            pieces.append(Piece(_shown(text[at:start]), False))
        pieces.append(Piece(_shown(text[start:end]), True))
        at = end
    if at < len(text):
        pieces.append(Piece(_shown(text[at:]), False))
    return tuple(pieces)


def _shown(text: str) -> str:
    return "".join(one for one in text if one.isprintable() or one == "\n")


def check_file(rules_dir: Path, others: Mapping[str, Rule], rule: Rule, text: str) -> Checked:
    """A draft of the file of `rule`: its problems, its examples, its difference from the file.

    `others` are all rules by id. Raises `TrialError` where it can't be checked, or its examples
    never end (a regex that goes back and forth).
    """
    said = text.replace("\r\n", "\n").rstrip() + "\n"
    if not said.strip():
        raise TrialError("请粘贴规则文件的全文")
    if len(said.encode("utf-8", "replace")) > LARGEST_FILE:
        raise TrialError(f"文件过长：至多 {LARGEST_FILE:,} 字节")
    told = _in_a_process(rules_dir, rule.file, said)
    problems = list(told["problems"])
    id_ = told.get("id", rule.id)
    if id_ != rule.id:
        taken = f"，且已属于 {others[id_].file}" if id_ in others else ""
        problems.append(
            f"{rule.file}: id 由 {rule.id} 改成了 {id_}{taken}；改编号会断开它与已有信号的联系"
        )
    return Checked(
        tuple(problems), int(told.get("examples", 0)),
        tuple((kind, example, why) for kind, example, why in told.get("failures", ())),
        difference(rules_dir, rule, said),
    )  # fmt: skip


def difference(rules_dir: Path, rule: Rule, text: str) -> tuple[str, ...]:
    """The lines of a unified diff from the file to `text`; empty where nothing changes."""
    before = (rules_dir / "violations" / rule.file).read_text(encoding="utf-8")
    names = (f"a/{rule.file}", f"b/{rule.file}")
    # splitlines() would also break at marks that YAML keeps within a line.
    lines = difflib.unified_diff(before.split("\n"), text.split("\n"), *names, lineterm="")
    return tuple(_shown(line) for line in lines)


def _in_a_process(rules_dir: Path, file: str, text: str) -> dict[str, Any]:
    root = str(Path(detectors.__file__).resolve().parents[1])
    environment = {
        "PATH": os.environ.get("PATH", ""), "PYTHONPATH": root, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    if not _PLACES.acquire(timeout=FILE_PATIENCE):
        raise TrialError("别人正在检查规则，请稍后再试")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "detectors.draft", str(rules_dir.resolve()), file, str(FILE_SECONDS)],
            input=text.encode("utf-8", "replace"), capture_output=True, timeout=FILE_PATIENCE,
            env=environment, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TrialError(_ENDLESS) from None
    finally:
        _PLACES.release()
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TrialError(_ENDLESS)
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise TrialError(f"检查没有完成：{last[:300] or '进程中断'}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
