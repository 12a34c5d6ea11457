"""Migrations, on SQLite and PostgreSQL: they end in the tables the code describes, and carry what was there along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from central import demo, feed, members, migration, schema, timeline
from central.database import Database, revision_of
from central.errors import CentreError
from host_tools import cli
from protocol.month import starts
from protocol.tiers import BLOCKED
from tests.central.chains import batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import rows, take

NOV = starts(202611)
OLD_MEMBERS = [
    {"member": 13_800_138_000, "tier": 2, "active_from": NOV, "active_until": None, "blocked": False, "changed_at": 5},
    {"member": 13_900_139_000, "tier": 3, "active_from": NOV, "active_until": NOV + 50, "blocked": False, "changed_at": 5},
    {"member": 13_600_136_000, "tier": 1, "active_from": NOV, "active_until": None, "blocked": True, "changed_at": 5},
]


@pytest.fixture
def empty(database: Database) -> Database:
    """A database of each kind without a table."""
    with database.write() as connection:
        schema.metadata.drop_all(connection)
        schema.revision.drop(connection)
    return database


@pytest.fixture
def first(empty: Database) -> Database:
    """A database as the first release left it, with a merchant, its terminal and three members."""
    with empty.write() as connection:
        migration.step(connection, None, schema.REVISIONS[0])
        schema.revision.drop(connection)
        old = sa.MetaData()
        old.reflect(connection)

        def put(table: str, *values: dict[str, Any]) -> None:
            connection.execute(old.tables[table].insert(), list(values))

        put("properties", {"name": "schema", "value": 1}, {"name": "grace_hours", "value": 12})
        put("tiers", *({"code": at, "name": name, "label": {}} for at, name in enumerate(("ordinary", "vip", "trial"), 1)))
        put("merchants", {"id": demo.MERCHANT, "name": demo.NAME, "category": "wash", "created_at": 5})
        put("offers", {"merchant": demo.MERCHANT, "id": 1, "version": 1, "terms": demo.OFFER})
        put("members", *OLD_MEMBERS)
        put(
            "terminals",
            {"id": demo.TERMINAL, "merchant": demo.MERCHANT, "key": b"k" * 32, "state": "issued", "status": {}, "created_at": 5},
        )
    return empty


def differences(database: Database) -> list[Any]:
    """What the tables in a database and those in the code do not have in common."""
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, schema.metadata))


def test_all_steps_end_in_what_the_code_describes(empty: Database) -> None:
    with empty.write() as connection:
        migration.step(connection, None)
        assert revision_of(connection) == schema.REVISIONS[-1]
    assert not differences(empty)


def test_the_comparison_sees_a_difference(database: Database) -> None:
    assert not differences(database)
    with database.write() as connection:
        connection.execute(sa.text("DROP TABLE reminders"))
        connection.execute(sa.text("ALTER TABLE members ADD COLUMN points INTEGER"))
    assert len(differences(database)) == 2


def test_the_first_release_is_carried_over(first: Database) -> None:
    with pytest.raises(CentreError, match="revision 0001"):
        first.create()
    assert migration.upgrade(first) == ("0001", schema.REVISIONS[-1])
    assert migration.upgrade(first) == (schema.REVISIONS[-1], schema.REVISIONS[-1])
    first.create()
    assert not differences(first)
    with first.read() as connection:
        held = members.by_number(connection, [row["member"] for row in OLD_MEMBERS])
        said = {number: timeline.standing(spans, NOV + 10, NOV + 10) for number, spans in held.items()}
        assert said == {13_800_138_000: (2, 0), 13_900_139_000: (3, NOV + 50), 13_600_136_000: (BLOCKED, 0)}
        assert timeline.standing(held[13_600_136_000], NOV - 1, NOV - 1) == (BLOCKED, 0), "a block has no beginning"
        assert timeline.standing(held[13_800_138_000], NOV - 1, NOV - 1) == (None, 0)
    # The feed goes on from there, and the same rows once more change nothing.
    with first.write() as connection:
        again = [{name: row[name] for name in row if name != "changed_at"} for row in OLD_MEMBERS]
        assert members.put(connection, again) == 0
        kind = timeline.KINDS["unsubscribe"]
        feed.take(connection, first, "feed", [feed.Happening("1", 13_800_138_000, kind, NOV + 20, None, None)])
        spans = members.by_number(connection, [13_800_138_000])[13_800_138_000]
        assert timeline.standing(spans, NOV + 21, NOV + 21)[1] == NOV + 20
    seeded = Seeded(first, b"k" * 32)
    assert seeded.directory.grace_hours == 12
    take(seeded, batch(seeded.terminal, journal(seeded.key, 3), 1, 3))
    assert len(rows(seeded)) == 3


def test_a_step_that_fails_changes_nothing(first: Database) -> None:
    with first.write() as connection:
        connection.execute(sa.text("CREATE TABLE postings (x INTEGER)"))  # in the way of the last table
    with pytest.raises((CentreError, sa.exc.DBAPIError)):
        migration.upgrade(first)
    with first.read() as connection:
        assert revision_of(connection) == "0001"
        assert "member_events" not in sa.inspect(connection).get_table_names()
        assert sa.inspect(connection).get_pk_constraint("members")["constrained_columns"] == ["member"]


def test_a_newer_release_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(schema.revision.update().values(version_num="9999"))
    for call in (database.create, lambda: migration.upgrade(database)):
        with pytest.raises(CentreError, match="9999"):
            call()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def upgrade() -> int:
        return cli.run(["central", "upgrade", "--data", str(tmp_path)])

    assert upgrade() == 1 and "there is no database" in capsys.readouterr().err
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    database.create()
    database.dispose()
    assert upgrade() == 0 and schema.REVISIONS[-1] in capsys.readouterr().out
