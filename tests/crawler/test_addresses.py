from __future__ import annotations

import pytest

from crawler.addresses import Guard, PrivateAddress, canonical, host_of


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8800/", "http://a.localhost/", "http://10.1.2.3/", "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/",
        "file:///etc/passwd", "ftp://x.example/", "http:///x", "http://printer.local/",
    ],
)  # fmt: skip
def test_private_and_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(PrivateAddress):
        Guard().check_url(url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.8", "::1", "fe80::1%eth0", "224.0.0.1", "100.64.0.1"]
)
def test_a_public_name_at_a_private_address_is_refused(address: str) -> None:
    with pytest.raises(PrivateAddress, match=r"x\.example"):
        Guard().check_address("x.example", address)


def test_public_addresses_pass() -> None:
    Guard().check_url("https://item.taobao.com/item.htm?id=1")
    Guard().check_address("x.example", "93.184.216.34")


def test_only_the_hosts_that_the_settings_name_may_be_private() -> None:
    guard = Guard(["*.town.localhost"])
    guard.check_url("http://search.town.localhost:8800/")
    guard.check_address("search.town.localhost", "127.0.0.1")
    for url in (
        "http://town.localhost.evil.localhost/",
        "http://127.0.0.1/",
        "http://evil.localhost/",
    ):
        with pytest.raises(PrivateAddress):
            guard.check_url(url)


def test_one_page_has_one_address() -> None:
    assert (
        canonical("HTTP://X.example:80/item?b=2&a=1&utm_source=x&spm=a.b#detail")
        == canonical("http://x.example/item?a=1&b=2")
        == "http://x.example/item?a=1&b=2"
    )
    assert canonical("http://x.example/s?wd=茶") == canonical("http://x.example/s?wd=%E8%8C%B6")


def test_the_host_of_nonsense_is_empty() -> None:
    assert host_of("http://[bad/") == host_of("nonsense") == ""
