"""Whether other people's tools open a pack: `python -m bench.replay PACK [--tools BIN]`.

pywb adds the pack to a collection and serves its pages, whose bytes are compared with the
archive's; `wacz validate` checks the package; `warcio check` the records. The tools live in an
environment of their own (pywb 2.10 and wacz 0.6, with setuptools below 81), made where
`--tools` names none.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

__all__ = ["main"]

TOOLS = ("pywb==2.10.0", "wacz==0.6.0", "setuptools<81")


def tools(folder: Path) -> Path:
    """The commands of an environment with pywb and wacz, made in `folder`."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *TOOLS], check=True)
    return folder / "bin"


def ran(*words: str | Path, cwd: Path) -> str:
    """What a tool prints; raises `SystemExit` with its complaint."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def replayed(pack: Path, bin_: Path, folder: Path) -> list[tuple[str, str, bool]]:
    """Of each page in the pack: address, time, and whether pywb serves its very bytes."""
    ran(bin_ / "wb-manager", "init", "pack", cwd=folder)
    ran(bin_ / "wb-manager", "add", "--unpack-wacz", "pack", pack, cwd=folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(bin_ / "wayback"), "-b", "127.0.0.1", "-p", str(port)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        home = f"http://127.0.0.1:{port}/pack"
        _wait(home)
        with zipfile.ZipFile(pack) as packed:
            rows = [json.loads(line) for line in packed.read("chain/records.jsonl").splitlines()]
        found = []
        for row in rows:
            if row["kind"] == "page" and "missing" not in row:
                when = "".join(c for c in row["fetched_at"] if c.isdigit())[:14]
                # `id_`: the page as it was kept, without pywb's banner and rewriting.
                with urllib.request.urlopen(f"{home}/{when}id_/{row['url']}", timeout=30) as answer:
                    body = answer.read()
                same = hashlib.sha256(body).hexdigest() == row["sha256"]
                found.append((row["url"], when, same))
        return found
    finally:
        server.terminate()
        server.wait(10)


def _wait(home: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(home + "/", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise SystemExit("pywb did not start")


def main() -> None:
    """Print what each tool says; exit code 1 where one does not open the pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--tools", type=Path, help="folder of the commands wayback and wacz")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bin_ = given.tools or tools(folder / "env")
        pack = given.pack.resolve()
        print(
            "wacz validate:", ran(bin_ / "wacz", "validate", "-f", pack, cwd=folder).split("\n")[-2]
        )
        with zipfile.ZipFile(pack) as packed:
            archive = packed.extract("archive/evidence.warc.gz", folder)
        ran(bin_ / "warcio", "check", archive, cwd=folder)
        print("warcio check: every digest holds")
        pages = replayed(pack, bin_, folder)
        for url, when, same in pages:
            print(f"pywb: {'the very bytes' if same else 'OTHER BYTES'}  {when}  {url}")
        if not pages or not all(same for _, _, same in pages):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
