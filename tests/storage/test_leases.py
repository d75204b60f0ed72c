"""A name is one holder's at a time, and a dead holder's for a short time only."""

from __future__ import annotations

import threading
import time

from storage import Store
from storage.leases import Leases


def test_a_name_is_one_holders_at_a_time(store: Store) -> None:
    one, other = Leases(store, "one", 30), Leases(store, "other", 30)
    assert one.take("source:taobao") and one.take("source:taobao"), "again by who has it"
    assert not other.take("source:taobao") and other.take("source:jd")
    assert other.held_by_others(["source:taobao", "source:jd"]) == {"source:taobao"}
    one.give_back("source:taobao")
    assert other.take("source:taobao")
    one.give_back("source:taobao")
    assert not one.take("source:taobao"), "only the holder gives back"


def test_who_gives_no_sign_of_life_loses_it(store: Store) -> None:
    dead, heir = Leases(store, "dead", 0.3), Leases(store, "heir", 30)
    assert dead.take("a") and dead.take("b")
    time.sleep(0.2)
    assert dead.renew(["a"]), "a sign of life in time"
    time.sleep(0.2)
    assert not heir.take("a") and heir.take("b")
    assert not dead.renew(["a", "b"]), "b is another's now"


def test_a_host_rests_after_it_was_given_back(store: Store) -> None:
    one, other = Leases(store, "one", 30), Leases(store, "other", 30)
    assert one.take("host:a.example")
    one.give_back("host:a.example", rest=0.4)
    assert not other.take("host:a.example") and not one.take("host:a.example")
    time.sleep(0.5)
    assert other.take("host:a.example")


def test_of_many_who_want_it_at_once_one_gets_it(store: Store) -> None:
    got: list[str] = []

    def want(name: str) -> None:
        if Leases(store, name, 30).take("x"):
            got.append(name)

    threads = [threading.Thread(target=want, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
