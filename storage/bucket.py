"""Evidence in an S3-compatible store: finished files are uploaded, and read back by range.

The address is ``s3://bucket/prefix``; keys, region and endpoint are found as every AWS tool finds
them (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL`` …, docs/workers.md). Needs the extra ``s3``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["Bucket", "MissingError", "VaultError"]


class VaultError(RuntimeError):
    """Evidence that can't be written or read: names the file and the place in it."""


class MissingError(VaultError):
    """There is no such file."""


class Bucket:
    """The files below one address."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.name, _, prefix = self.address.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = None

    def _s3(self) -> Any:
        if self._client is None:
            try:
                import boto3
            except ImportError:
                raise VaultError(f"{self.address}: install the extra `s3` (boto3)") from None
            # A session of its own: the default one may not be used from several threads.
            self._client = boto3.session.Session().client("s3")
        return self._client

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        """Errors of the store as ours, naming the file."""
        from boto3.exceptions import S3UploadFailedError
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except self._s3().exceptions.NoSuchKey:
            raise MissingError(f"{self.address}/{what}: the evidence file is missing") from None
        except (BotoCoreError, ClientError, S3UploadFailedError) as error:
            raise VaultError(f"{self.address}/{what}: {error}") from None

    @contextmanager
    def open(self, name: str, offset: int) -> Iterator[Any]:
        """The bytes of a file from `offset` on, as they are asked for.

        Raises `MissingError`, or `VaultError` where the store can't be asked.
        """
        client = self._s3()
        with self._named(name):
            asked = client.get_object(
                Bucket=self.name, Key=self._prefix + name, Range=f"bytes={offset}-"
            )
            with closing(asked["Body"]) as stream:
                yield stream

    def take_over(self, folder: Path, pattern: str) -> list[str]:
        """Upload the files of `folder` and, each once it is here whole, remove it there.

        Returns the names. Several processes may do so at once. Raises `VaultError`.
        """
        client, taken = self._s3(), []
        for path in sorted(folder.glob(pattern)):
            with suppress(FileNotFoundError), self._named(path.name):
                size = path.stat().st_size
                client.upload_file(str(path), self.name, self._prefix + path.name)
                here = client.head_object(Bucket=self.name, Key=self._prefix + path.name)
                if here["ContentLength"] != size:
                    raise VaultError(f"{self.address}/{path.name}: came in part only")
                path.unlink()
                taken.append(path.name)
        return taken

    def held(self) -> dict[str, tuple[int, datetime]]:
        """All files: their sizes, and when they came. Raises `VaultError`."""
        found = {}
        with self._named(""):
            listing = self._s3().get_paginator("list_objects_v2")
            for page in listing.paginate(Bucket=self.name, Prefix=self._prefix):
                for one in page.get("Contents", ()):
                    name = one["Key"].removeprefix(self._prefix)
                    found[name] = one["Size"], one["LastModified"]
        return found

    def remove(self, name: str) -> None:
        """The file is there no more; nor need it have been. Raises `VaultError`."""
        with self._named(name):
            self._s3().delete_object(Bucket=self.name, Key=self._prefix + name)
