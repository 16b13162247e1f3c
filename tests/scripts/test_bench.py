"""`scripts/bench`: a ratio is worth only as much as its floor."""

import io
import sqlite3
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from .loading import load_script

bench = load_script("bench")


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def call(app, body: bytes) -> str:
    answered: list[str] = []
    environ = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    app(environ, lambda status, _headers: answered.append(status))
    return answered[0]


def test_the_floor_keeps_what_it_was_told(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOOR_DATABASE", str(tmp_path / "floor.sqlite3"))
    floor = load_script("floor.py")
    assert call(floor.app, b"grade=5&tags=510").startswith("303")
    kept = sqlite3.connect(tmp_path / "floor.sqlite3").execute("SELECT said FROM floor").fetchall()
    assert kept == [("grade=5&tags=510",)]


def test_the_floor_on_sqlite_is_as_durable_as_we_are(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOOR_DATABASE", str(tmp_path / "floor.sqlite3"))
    connection = load_script("floor.py")._sqlite()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_floor_on_postgresql_keeps_what_it_was_told(postgres_server, monkeypatch):
    import psycopg

    postgres_address = postgres_server.get_uri()
    monkeypatch.setenv("FLOOR_DATABASE", postgres_address)
    floor = load_script("floor.py")
    assert call(floor.app, b"grade=4").startswith("303")
    with psycopg.connect(postgres_address) as connection:
        assert connection.execute("SELECT said FROM floor").fetchall() == [("grade=4",)]
        connection.execute("DROP TABLE floor")


def test_the_ratio_is_the_median_of_rounds_in_turns():
    turns: list[str] = []
    rates = {"ours": iter([50.0, 10.0, 60.0]), "floor": iter([100.0, 100.0, 100.0])}

    def side(name: str):
        def rate() -> float:
            turns.append(name)
            return next(rates[name])

        return rate

    assert bench.compare(side("ours"), side("floor"), rounds=3) == (50.0, 100.0, 0.5)
    assert turns == ["floor", "ours", "ours", "floor", "floor", "ours"]


@pytest.mark.parametrize(("status", "is_taken"), [("303 See Other", True), ("409 Conflict", False)])
def test_an_answer_that_is_no_acknowledgement_stops_the_bench(status, is_taken):
    def app(_environ, start_response):
        start_response(status, [("Content-Length", "0")])
        return [b""]

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    with bench.load.clients() as clients:
        thread.start()
        try:
            posts = [(f"/r/{n}", "grade=5") for n in range(8)]
            if is_taken:
                rate, seconds = clients.post(server.server_port, posts)
                assert rate > 0
                assert len(seconds) == len(posts)
            else:
                with pytest.raises(RuntimeError, match="409"):
                    clients.post(server.server_port, posts)
        finally:
            server.shutdown()
            server.server_close()
