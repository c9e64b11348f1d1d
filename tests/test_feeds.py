"""Events sent on to a webhook or a syslog server: every one, in order, to nobody else."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server_stub.collector import Collector, utc_now
from server_stub.errors import ConfigError, StoreError
from server_stub.pull import feed_syslog, feed_targets, feed_webhook, feeds
from server_stub.pull.feed_webhook import NotTaken
from server_stub.pull.feeds import Deliveries
from server_stub.storage import store_events, store_feeds
from server_stub.storage.store_feeds import Feed
from tests.collector_on_loopback import collector as running_collector
from tests.collector_on_loopback import pupil_file, run
from tests.databases import Databases
from tests.feed_servers import Webhook, authority, syslog, webhook
from tests.pulled_collector import NAMES, add, fill, make

KEY = b"k" * 32
ENOUGH = 30.0
"""Seconds to wait for something that comes at once unless it never does."""


@pytest.fixture
def at(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Collector]:
    monkeypatch.setattr(feeds, "pause", lambda failures: 0.05)
    made = make(tmp_path / "state", databases.of_a_collector())
    fill(made)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def delivering(at: Collector) -> Iterator[Deliveries]:
    made = Deliveries(store=at.store, metrics=at.metrics, key=KEY, now=utc_now, look_seconds=0.02)
    made.start()
    try:
        yield made
    finally:
        made.end()


def feed(at: Collector, target: str, *kinds: str, **changes: Any) -> Feed:
    """Keep a feed that begins with what comes from now on."""
    name = str(changes.get("name", "siem"))
    with at.store.read() as connection:
        last = store_events.last_id(connection)
    row = {
        "name": name,
        "way": "syslog" if target.startswith("t") else "webhook",
        "target": target,
        "form": "json",
        "ca": "",
        "salt": hashlib.sha256(name.encode()).hexdigest(),
        "after": last,
        "added_at": datetime.now(UTC),
    }
    at.store.write(lambda c: store_feeds.add(c, row | changes, kinds))
    with at.store.read() as connection:
        found = store_feeds.named(connection, name)
    assert found is not None
    return found


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` gives as soon as it gives something."""
    end = time.monotonic() + ENOUGH
    while not (got := found()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
    return got


def caught_up(at: Collector, name: str = "siem") -> bool:
    with at.store.read() as connection:
        found = store_feeds.named(connection, name)
        return found is not None and found.after == store_events.last_id(connection)


def ids(body: bytes) -> list[str]:
    return [one["id"] for one in json.loads(body)["events"]]


def sent(hook: Webhook) -> list[str]:
    return [one for _, body in hook.posts for one in ids(body)]


def told(message: bytes) -> Any:
    """What a syslog message holds after its head."""
    return json.loads(message[message.index(b"{") :])


def test_a_webhook_gets_the_chosen_kinds_signed_over_https(
    at: Collector, pems: tuple[Path, Path]
) -> None:
    events = [pupil_file(), pupil_file(kind="home-open"), pupil_file()]
    with webhook(pems[1]) as hook, delivering(at):
        kept = feed(at, hook.url, "pupil-file-found", ca=pems[0].read_text())
        add(at, NAMES[0], 100, *events)
        until(lambda: caught_up(at))
    ((headers, body),) = hook.posts
    assert ids(body) == [events[0].id, events[2].id]
    assert b"age-encryption" not in body
    secret = feed_webhook.written(feed_webhook.secret_of(KEY, kept.salt))
    assert headers["webhook-signature"] == independently(secret, headers, body)
    assert headers["content-type"] == "application/json"


def independently(secret: str, headers: dict[str, str], body: bytes) -> str:
    """The signature as the Standard Webhooks specification has it computed."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def test_a_webhook_can_have_ocsf(at: Collector) -> None:
    with webhook() as hook, delivering(at):
        feed(at, hook.url, form="ocsf")
        add(at, NAMES[0], 100, pupil_file())
        until(lambda: caught_up(at))
    ((headers, body),) = hook.posts
    assert headers["content-type"] == "application/ocsf+json"
    assert [one["class_uid"] for one in json.loads(body)] == [2004]


def test_what_is_refused_comes_again_under_the_same_number(at: Collector) -> None:
    event = pupil_file()
    with webhook() as hook, delivering(at):
        hook.answers += [500, 503, 404]
        feed(at, hook.url)
        add(at, NAMES[0], 100, event)
        until(lambda: caught_up(at))
    assert [ids(body) for _, body in hook.posts] == [[event.id]] * 4
    assert len({headers["webhook-id"] for headers, _ in hook.posts}) == 1
    ended = at.metrics.deliveries.labels
    assert (ended("siem", "failed")._value.get(), ended("siem", "delivered")._value.get()) == (3, 1)


def test_a_target_that_is_down_holds_nobody_up_and_misses_nothing(at: Collector) -> None:
    with webhook() as gone:
        port = int(re.findall(r":(\d+)/", gone.url)[0])
    events = [pupil_file() for _ in range(2 * feeds.BATCH + 7)]
    with delivering(at), webhook() as other:
        feed(at, gone.url)
        feed(at, other.url, name="other")
        for begin in range(0, len(events), 50):
            add(at, NAMES[0], 100 + begin, *events[begin : begin + 50])
        until(lambda: caught_up(at, "other"))
        assert not caught_up(at)
        with webhook(port=port) as back:
            until(lambda: caught_up(at))
    wanted = [one.id for one in events]
    assert sent(other) == wanted
    assert sent(back) == wanted


def test_what_a_target_said_is_shown_until_it_takes_a_batch(at: Collector) -> None:
    def trouble() -> str:
        with at.store.read() as connection:
            (found,) = store_feeds.all_feeds(connection)
        return found.trouble

    with delivering(at), webhook() as hook:
        hook.answers += [401] * 10_000
        feed(at, hook.url)
        assert trouble() == ""
        add(at, NAMES[0], 100, pupil_file())
        until(lambda: trouble() == "the target answered 401")
        hook.answers.clear()
        until(lambda: caught_up(at))
        until(lambda: trouble() == "")


def test_a_slow_target_holds_up_no_other(at: Collector) -> None:
    with delivering(at), webhook() as slow, webhook() as quick:
        slow.hold = threading.Event()
        feed(at, slow.url, name="slow")
        feed(at, quick.url, name="quick")
        add(at, NAMES[0], 100, pupil_file())
        until(lambda: caught_up(at, "quick"))
        assert slow.posts == []
        slow.hold.set()
        until(lambda: caught_up(at, "slow"))


def test_another_start_goes_on_where_the_last_one_was(at: Collector) -> None:
    first, second = pupil_file(), pupil_file()
    with webhook() as hook:
        feed(at, hook.url)
        with delivering(at):
            add(at, NAMES[0], 100, first)
            until(lambda: caught_up(at))
        add(at, NAMES[0], 101, second)
        with delivering(at):
            until(lambda: caught_up(at))
    assert sent(hook) == [first.id, second.id]


def test_what_was_taken_but_not_noted_is_sent_again_under_the_same_number(
    at: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash between the target's answer and the note of it."""
    event, note, failures = pupil_file(), store_feeds.move_on, [1, 1]

    def forgetful(connection: Any, salt: str, after: int) -> None:
        note(connection, salt, after)
        if failures:
            failures.pop()
            raise StoreError("invented")

    monkeypatch.setattr(store_feeds, "move_on", forgetful)
    with webhook() as hook, delivering(at):
        feed(at, hook.url)
        add(at, NAMES[0], 100, event)
        until(lambda: caught_up(at))
    assert sent(hook) == [event.id] * 3
    assert len({headers["webhook-id"] for headers, _ in hook.posts}) == 1


def test_no_redirect_is_followed(at: Collector) -> None:
    with delivering(at), webhook() as lure, webhook() as elsewhere:
        lure.answers += [302, 307, 308]
        lure.headers["Location"] = elsewhere.url
        feed(at, lure.url)
        add(at, NAMES[0], 100, pupil_file())
        until(lambda: caught_up(at))
    assert (len(lure.posts), elsewhere.posts) == (4, [])


def test_a_target_that_cannot_prove_itself_gets_nothing(
    at: Collector, pems: tuple[Path, Path], tmp_path: Path
) -> None:
    other, _ = authority(tmp_path / "other")
    with webhook(pems[1]) as hook, syslog(pems[1]) as log:
        tls = f"tls://localhost:{log.port}"
        rows = _rows(at)
        tried = (
            ("", hook.url),
            (other.read_text(), hook.url),
            (pems[0].read_text(), hook.url.replace("localhost", "127.0.0.2")),
            (other.read_text(), tls),
        )
        for number, (ca, target) in enumerate(tried):
            with pytest.raises(NotTaken):
                _send(feed(at, target, ca=ca, name=f"feed-{number}"), rows)
    assert (hook.posts, [one for one in log.batches if one]) == ([], [])


def _rows(at: Collector) -> list[Any]:
    with at.store.read() as connection:
        return feeds.pull_rows.told(connection, store_events.events_after(connection, 0, 3))


def _send(one: Feed, rows: list[Any]) -> None:
    if one.way == "syslog":
        feed_syslog.send(one, rows)
    else:
        feed_webhook.send(one, b"s" * 32, rows, "n", datetime.now(UTC))


@pytest.mark.parametrize("secured", [False, True], ids=["tcp", "tls"])
def test_syslog_gets_messages_counted_in_octets(
    at: Collector, pems: tuple[Path, Path], secured: bool
) -> None:
    events = [pupil_file(kind="leak-reported"), pupil_file(kind="home-open"), pupil_file()]
    with syslog(pems[1] if secured else None) as log, delivering(at):
        scheme = "tls" if secured else "tcp"
        feed(at, f"{scheme}://localhost:{log.port}", ca=pems[0].read_text() if secured else "")
        add(at, NAMES[0], 100, *events)
        until(lambda: caught_up(at))
    messages = [one for batch in log.batches for one in batch]
    assert [told(one)["id"] for one in messages] == [one.id for one in events]
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    form = rf"<(\d+)>1 {moment} {NAMES[0]} dossierwacht - leak-reported - \{{.*\}}"
    found = re.fullmatch(form, messages[0].decode())
    assert found is not None and found[1] == str(13 * 8 + 3)


def test_syslog_that_cuts_off_unread_gets_it_again(at: Collector) -> None:
    events = [pupil_file() for _ in range(30)]
    with syslog() as log, delivering(at):
        log.resets = 2
        feed(at, f"tcp://127.0.0.1:{log.port}", form="ocsf")
        add(at, NAMES[0], 100, *events)
        until(lambda: caught_up(at))
    assert log.resets == 0
    (messages,) = log.batches
    assert [told(one)["metadata"]["uid"] for one in messages] == [one.id for one in events]


def test_syslog_that_never_says_it_has_read_everything_has_not(
    at: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_syslog, "SECONDS", 0.2)
    with syslog() as log:
        log.deaf = True
        with pytest.raises(NotTaken, match="did not close"):
            _send(feed(at, f"tcp://127.0.0.1:{log.port}"), _rows(at))


def test_a_long_kind_does_not_break_a_message(at: Collector) -> None:
    add(at, NAMES[0], 100, pupil_file(kind="k" * 48))
    with at.store.read() as connection:
        found = store_events.events_after(connection, 0, 1000)
        row = feeds.pull_rows.told(connection, found)[-1]
    head = feed_syslog.message(row, "json").partition(b"{")[0]
    assert head.endswith(b" dossierwacht - " + b"k" * 32 + b" - ")


def test_a_feed_that_was_removed_gets_nothing_more(at: Collector) -> None:
    with webhook() as hook, delivering(at):
        feed(at, hook.url)
        add(at, NAMES[0], 100, pupil_file())
        until(lambda: caught_up(at))
        at.store.write(lambda c: store_feeds.remove(c, "siem"))
        feed(at, hook.url, "home-open", name="next")
        add(at, NAMES[0], 101, pupil_file(), pupil_file(kind="home-open"))
        until(lambda: caught_up(at, "next"))
    assert [len(ids(body)) for _, body in hook.posts] == [1, 1]


def test_a_late_word_of_an_old_feed_moves_no_other(at: Collector) -> None:
    """A number may be given out again, and a delivery to the old feed may still be under way."""
    old = feed(at, "tcp://127.0.0.1:9", after=0)
    at.store.write(lambda c: store_feeds.remove(c, "siem"))
    new = feed(at, "tcp://127.0.0.1:9", after=0, salt="1")
    at.store.write(lambda c: store_feeds.move_on(c, old.salt, 5))
    with at.store.read() as connection:
        assert store_feeds.named(connection, "siem") == new


def test_the_pause_grows_and_has_an_end() -> None:
    pauses = [feeds.pause(failures) for failures in (1, 2, 3, 8, 9, 5000)]
    assert pauses == [2, 4, 8, 256, 300, 300]


@pytest.mark.parametrize("seconds", ["0", "7", "99999", "soon", "-1", "9" * 30])
def test_a_target_may_say_when_to_come_back(seconds: str) -> None:
    class Answer:
        status = 429
        headers = {"Retry-After": seconds}  # noqa: RUF012

    with pytest.raises(NotTaken) as said:
        feed_webhook._judge(Answer())  # type: ignore[arg-type]
    wanted = {"0": 0.0, "7": 7.0, "99999": 99999.0}
    assert said.value.again_seconds == wanted.get(seconds)


@pytest.mark.parametrize(
    ("way", "target"),
    [
        ("webhook", "http://siem.school.example/hook"),
        ("webhook", "http://169.254.169.254/latest"),
        ("webhook", "ftp://siem.school.example"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "https://name:word@siem.school.example"),
        ("webhook", "https://siem.school.example/#part"),
        ("webhook", "https://siem.school.example/a\r\nHost: other"),
        ("webhook", "https://siem.school.example/a b"),
        ("webhook", "https://siem.school.example:99999"),
        ("webhook", "https://[::1"),
        ("webhook", "https:///hook"),
        ("webhook", "tls://log.school.example"),
        ("syslog", "https://log.school.example"),
        ("syslog", "tls://log.school.example/path"),
        ("syslog", "udp://log.school.example"),
        ("syslog", "log.school.example:601"),
    ],
)
def test_a_target_that_is_none_is_refused(way: str, target: str) -> None:
    with pytest.raises(ConfigError):
        feed_targets.read_target(way, target)


@pytest.mark.parametrize(
    ("way", "target", "port"),
    [
        ("webhook", "https://siem.school.example", 443),
        ("webhook", "http://[::1]:8080/x", 8080),
        ("webhook", "http://127.0.0.1/x?y=z", 80),
        ("syslog", "tls://log.school.example", 6514),
        ("syslog", "tcp://10.0.0.5", 601),
    ],
)
def test_a_target_has_its_usual_port(way: str, target: str, port: int) -> None:
    assert feed_targets.read_target(way, target).port == port


def test_from_the_terminal_to_the_target_and_into_the_metrics(
    tmp_path: Path, pems: tuple[Path, Path]
) -> None:
    with running_collector(tmp_path / "state") as running, webhook(pems[1]) as hook:
        running.laptop().receipt(pupil_file())
        words = ("--name", "siem", "--kinds", "leak-reported", "--format", "json", "--json")
        said = running.command("feed", "add", "webhook", hook.url, "--ca", str(pems[0]), *words)
        secret = json.loads(said)["secret"]
        event = pupil_file(kind="leak-reported")
        running.laptop().receipt(event)
        headers, body = until(lambda: hook.posts and hook.posts[0])
        assert ids(body) == [event.id]
        assert headers["webhook-signature"] == independently(secret, headers, body)
        row = until(lambda: [one for one in listed(running) if one["waiting"] == 0])[0]
        assert (row["name"], row["kinds"], row["lag_seconds"]) == ("siem", ["leak-reported"], 0)
        assert secret.encode() not in running.dump()
        acts = running.rows("SELECT act, subject FROM audit WHERE act LIKE '%feed'")
        running.command("feed", "remove", "siem")
        assert listed(running) == []
    assert row["trouble"] is None
    assert [tuple(act) for act in acts] == [("added-feed", "siem")]


def listed(running: Any) -> Any:
    return json.loads(running.command("feed", "list", "--json"))


def test_from_start_sends_what_is_there_already(tmp_path: Path) -> None:
    with running_collector(tmp_path / "state") as running, syslog() as log:
        event = pupil_file()
        running.laptop().receipt(event)
        running.command("feed", "add", "syslog", f"tcp://127.0.0.1:{log.port}", "--from-start")
        (message,) = until(lambda: log.batches and log.batches[0])
        assert event.id.encode() in message


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert run(state, "migrate").returncode == 0
    target = ("feed", "add", "syslog", "tcp://127.0.0.1:9")
    for words, code, told in (
        ((*target, "--name", "A B"), 2, "is no name"),
        ((*target, "--kinds", "Pupil"), 2, "is no name"),
        ((*target, "--ca", str(tmp_path / "none")), 2, "cannot read"),
        ((*target, "--ca", str(state / "stick.key")), 2, "PEM"),
        (("feed", "add", "webhook", "http://a.example"), 2, "use https"),
        (("feed", "remove", "none"), 1, "there is no feed"),
    ):
        done = run(state, *words)
        assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert run(state, *target).returncode == 0
    assert "already" in run(state, *target).stderr
    for number in range(1, feeds.MOST_FEEDS):
        assert run(state, *target, "--name", f"n-{number}").returncode == 0
    assert "remove one" in run(state, *target, "--name", "more").stderr
