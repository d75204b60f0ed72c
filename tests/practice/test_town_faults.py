"""Faults, each as it behaves on the wire."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time

import pytest

from practice import Town, TownError, environment
from practice.data import HERE, offers
from practice.visit import visit
from settings import load

SHOP = "yunxiu"


def test_a_slow_answer_comes_whole_after_its_time(town: Town) -> None:
    began = time.monotonic()
    reply = visit(town.url(SHOP, "/?fault=slow"))
    assert time.monotonic() - began >= 0.5
    assert reply.body == visit(town.url(SHOP)).body


def test_the_header_asks_for_a_fault_as_the_query_does(town: Town) -> None:
    assert visit(town.url(SHOP), X_Town_Fault="500").status == 500
    assert visit(town.url(SHOP, "/?fault=500")).status == 500
    assert visit(town.url(SHOP)).status == 200


def test_a_fault_that_does_not_exist_is_refused_by_name(town: Town) -> None:
    reply = visit(town.url(SHOP, "/?fault=flood"))
    assert reply.status == 400
    assert "no such fault: 'flood'" in reply.text


def test_a_truncated_body_is_shorter_than_promised(town: Town) -> None:
    with pytest.raises(http.client.IncompleteRead) as caught:
        visit(town.url(SHOP, "/?fault=truncated"))
    whole = visit(town.url(SHOP)).body
    assert caught.value.partial == whole[: len(whole) * 3 // 5]
    assert caught.value.expected == len(whole) - len(caught.value.partial)


def test_a_wrong_charset_declares_utf8_over_gbk_bytes(town: Town) -> None:
    reply = visit(town.url(SHOP, "/?fault=charset"))
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "云岫虚构茶行".encode("gbk") in reply.body
    with pytest.raises(UnicodeDecodeError):
        reply.body.decode("utf-8")


@pytest.mark.parametrize(
    ("host", "place", "sign"),
    [
        ("search", "/static/captcha/", "百度安全验证"),
        ("taoji", "/_____tmd_____/punish", "nc_1_n1z"),
        ("jingdian", "/new/login.aspx", "formlogin"),
    ],
)
def test_a_big_site_sends_a_suspicious_visitor_to_its_own_block_page(
    town: Town, host: str, place: str, sign: str
) -> None:
    reply = visit(town.url(host, "/?fault=captcha"))
    assert reply.status == 302
    assert place in reply.headers["location"]
    shown = visit(reply.headers["location"])
    assert shown.status == 200
    assert sign in shown.text


def test_a_small_shop_shows_its_slider_in_place(town: Town) -> None:
    assert "拖动滑块" in visit(town.url(SHOP, "/?fault=captcha")).text


def test_the_calendar_links_to_ever_new_months(town: Town) -> None:
    first = visit(town.url(SHOP, "/?fault=calendar&month=2026-12")).text
    assert "month=2027-01" in first
    later = visit(town.url(SHOP, "/rili?fault=calendar&month=2031-05")).text
    assert "month=2031-06" in later


def test_a_huge_body_is_streamed_and_can_be_left_early(town: Town) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", town.port, timeout=20)
    connection.request("GET", "/?fault=huge", headers={"Host": f"{SHOP}.town.localhost"})
    response = connection.getresponse()
    assert response.getheader("Content-Length") == str(200 * 1024 * 1024)
    assert len(response.read(3_000_000)) == 3_000_000
    connection.close()
    assert visit(town.url(SHOP)).status == 200


def test_a_town_can_have_hosts_and_paths_that_are_ill_from_the_start() -> None:
    ill = {"taoji": "captcha", "yunxiu.town.localhost/list": "500"}
    with Town(faults=ill) as town:
        assert visit(town.url("taoji", "/search?q=a")).status == 302
        assert visit(town.url("yunxiu", "/list/tea")).status == 500
        assert visit(town.url("yunxiu")).status == 200
        assert visit(town.url("taoji", "/robots.txt")).status == 200
        login = visit(visit(town.url("taoji", "/search?q=a")).headers["location"])
        assert "nc_1_n1z" in login.text


def test_the_town_is_gone_when_the_block_is_left_and_stands_on_loopback_only() -> None:
    with Town() as town:
        port = town.port
        assert visit(town.url()).status == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_town_that_cannot_take_its_port_says_so(town: Town) -> None:
    with pytest.raises(TownError, match="did not start") as caught, Town(port=town.port):
        pass
    assert "in use" in str(caught.value)


def test_the_command_line_refuses_a_fault_it_does_not_know() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "practice", "--fault", "taoji=fire"],
        cwd=HERE.parent, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "'taoji=fire' is not HOST=KIND" in done.stderr


def test_the_environment_points_the_sources_at_the_town(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(8800).items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.source_urls == {
        "baidu": "http://search.town.localhost:8800",
        "taobao": "http://taoji.town.localhost:8800",
        "jd": "http://jingdian.town.localhost:8800",
        "1688": "http://pifa.town.localhost:8800",
        "pdd": "http://pin.town.localhost:8800",
    }
    assert settings.allow_private == ("*.town.localhost",)
    assert (settings.download_delay, settings.host_concurrency) == (0, 4)


def test_a_picture_shows_the_words_that_the_listing_has_in_it(town: Town) -> None:
    offer = next(o for o in offers().values() if o.listing.image_text)
    reply = visit(town.url(offer.seller.host.split(".")[0], f"/img/{offer.id}-0.svg"))
    assert reply.headers["content-type"].startswith("image/svg+xml")
    assert offer.listing.image_text[0] in reply.text
