"""`yunjian doctor`: what a sweep needs, and how things stand, checked one by one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import detectors
import settings
from crawler.browser import find_browser
from crawler.sessions import SessionError
from detectors import images
from spiders import READERS
from spiders.profile import ProfileError
from storage import StoreError, open_store
from sweeps.sources import missing_key, open_sessions, readers_of
from watching.status import status

__all__ = ["Check", "checks"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    state: Literal["ok", "warn", "bad"]
    name: str
    says: str


def checks() -> Iterator[Check]:
    """Each check as it is done."""
    try:
        config = settings.load()
    except settings.SettingsError as error:
        yield Check("bad", "settings", str(error))
        return
    yield Check("ok", "settings", f"data in {config.data_dir}")
    yield (
        Check("ok", "contact", config.contact)
        if config.contact
        else Check("warn", "contact", "none set: sites can't reach you (YUNJIAN_CONTACT)")
    )
    for name, policy in config.policies.items():
        if exception := policy.robots_exception:
            yield Check("warn", "robots.txt", f"not obeyed at {name}: {exception}")
    try:
        detector = detectors.load(config.rules_dir)
        yield Check("ok", "rules", f"{len(detector.ruleset.rules)} rules")
    except detectors.RuleError as error:
        yield Check("bad", "rules", str(error))
    try:
        store = open_store(config.store_url)
        yield Check("ok", "store", f"{store.name}, schema {store.revision()}")
        yield from (Check(*line) for line in status(config, store))
        store.close()
    except StoreError as error:
        yield Check("bad", "store", str(error))
    yield _browser(config.browser)
    yield _font()
    yield _pictures(config)
    for name, reader in READERS.items():
        source = reader.source
        proven = bool(source.proven) and not source.unproven
        says = f"proven against {source.proven}" if proven else "unproven"
        if source.unproven and source.proven:
            says = f"unproven: never read but against {source.proven}"
        if variable := missing_key(config, name):
            says = f"not searched: no key set ({variable}); {says}"
        yield Check("ok" if proven else "warn", f"source {name}", f"{says}; {source.limits}")
    yield from _sessions(config)


def _sessions(config: settings.Settings) -> Iterator[Check]:
    try:
        readers = readers_of(config)
    except ProfileError as error:
        yield Check("bad", "apis", str(error))
        return
    for name, path in config.sessions.items():
        if name not in readers:
            yield Check("bad", f"session {name}", "there is no such source")
            continue
        try:
            open_sessions(config, readers, [name])
        except SessionError as error:
            yield Check("bad", f"session {name}", str(error))
            continue
        private = path.stat().st_mode & 0o077 == 0
        says = str(path) if private else f"{path}: others may read it (chmod 600)"
        yield Check("ok" if private else "warn", f"session {name}", says)


def _browser(configured: str) -> Check:
    path = find_browser(configured)
    if not path:
        return Check("warn", "browser", "no system Chromium; Playwright's own is used if installed")
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("bad", "browser", f"{path}: {error}")
    return Check("ok", "browser", said.stdout.strip())


def _pictures(config: settings.Settings) -> Check:
    if not config.images_per_listing:
        return Check("warn", "pictures", "words in them are not read (images_per_listing is 0)")
    if why := images.unavailable():
        return Check("warn", "pictures", f"words in them are not read: {why}")
    says = f"{config.images_per_listing} per listing, {config.images_seconds:g} s per sweep"
    return Check("ok", "pictures", says)


def _font() -> Check:
    lister = shutil.which("fc-list")
    if lister is None:
        return Check("warn", "Chinese font", "fc-list is missing; can't tell")
    found = subprocess.run(
        [lister, ":lang=zh", "family"], capture_output=True, text=True, timeout=30, check=False
    )
    if not found.stdout.strip():
        return Check("bad", "Chinese font", "none: screenshots show boxes (install fonts-noto-cjk)")
    return Check("ok", "Chinese font", found.stdout.strip().splitlines()[0])
