"""Who is behind a login: an export of Canvas's or Moodle's gradebook, or any CSV with a column of logins."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from vae_edu.errors import UserError

LOGINS = ("sis login id", "username", "user name", "login id", "login")
# Names that a column has in one system and not in the other.
SAME = {"surname": "last name", "sis user id": "id number", "email": "email address"}

Person = dict[str, str]


class Roster:
    """People by login, in the file's order; without a file it knows nobody."""

    def __init__(self, people: dict[str, Person] | None = None) -> None:
        self.people = people or {}

    def of(self, login: str) -> Person:
        """What is known of a person, by column in lower case; empty if nothing is."""
        return self.people.get(login.casefold(), {})

    def without(self, logins: list[str]) -> list[str]:
        """The logins that are on the roster and not among those given."""
        there = {login.casefold() for login in logins}
        return [person["login"] for key, person in self.people.items() if key not in there]

    def strangers(self, logins: Iterable[str]) -> list[str]:
        """Those of the logins that are not on the roster; none where there is no roster."""
        return [login for login in logins if self.people and not self.of(login)]


def read_roster(path: Path | None) -> Roster:
    """Read a roster. Raises UserError when it cannot be read or has no column of logins."""
    if path is None:
        return Roster()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} could not be read ({error.strerror}); it should be a CSV file of students.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not text in UTF-8; export it as CSV in UTF-8.") from None
    # Canvas and Excel part columns by semicolons in some countries.
    for separator in (",", ";", "\t"):
        rows = csv.DictReader(io.StringIO(text), delimiter=separator)
        columns = [name.strip().lower() for name in rows.fieldnames or []]
        if login := next((name for name in LOGINS if name in columns), ""):
            return Roster(_people(path, rows, login))
    raise UserError(
        f"{path} has no column of logins; expected 'SIS Login ID' (Canvas), 'Username' (Moodle) or 'login'."
    )


def _people(path: Path, rows: Iterable[dict[str | None, str]], login: str) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for row in rows:
        person = {(name or "").strip().lower(): value.strip() for name, value in row.items() if isinstance(value, str)}
        if key := person.get(login, ""):
            if key.casefold() in people:
                raise UserError(f"{path} has the login {key} twice; every student needs one line.")
            people[key.casefold()] = {"login": key} | _both_names(person)
    return people


def _both_names(person: Person) -> Person:
    """A person with each column under the name it has in the other system as well."""
    pairs = [*SAME.items(), *((other, name) for name, other in SAME.items())]
    return person | {to: person[name] for name, to in pairs if name in person and to not in person}
