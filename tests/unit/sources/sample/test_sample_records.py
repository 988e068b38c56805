"""What lies in the mailboxes: fields within bounds, copies, thread headers, forms of addresses."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analyser.sources.sample.organisation import SITES
from analyser.sources.sample.worktime import timetable


@pytest.fixture(scope="module")
def copies(usual):
    return pa.concat_tables(usual.world.mailboxes.values())


@pytest.fixture(scope="module")
def by_message(usual, copies):
    """Rows of `copies` by the first Message-ID of their message."""
    first = {i: message.ids[0] for message in usual.world.messages for i in message.ids}
    rows = defaultdict(list)
    for row in copies.to_pylist():
        rows[first[row["internet_message_id"]]].append(row)
    return rows


def test_the_size_is_that_of_a_busy_organisation(usual, copies):
    assert 40_000 < len(usual.world.messages) < 60_000
    planted = {id(m) for label in usual.world.labels for m in label.messages}
    assert (len(usual.world.messages) - len(planted)) / usual.people > 60
    assert 2 < copies.num_rows / len(usual.world.messages) < 3


def test_every_field_is_within_bounds(sample):
    begin = datetime.combine(sample.start, datetime.min.time(), UTC)
    for table in sample.world.mailboxes.values():
        table.validate(full=True)
        for name in ("internet_message_id", "item_id", "sent_at", "sender", "subject", "references", "recipients"):
            assert table[name].null_count == 0
        times = pc.min_max(table["sent_at"]).as_py()
        assert begin - timedelta(hours=12) <= times["min"]
        assert times["max"] <= begin + timedelta(weeks=sample.weeks, hours=12)
        assert table["sent_at"].to_pylist() == sorted(table["sent_at"].to_pylist())
        assert len(set(table["item_id"].to_pylist())) == table.num_rows
        assert pc.min(table["size"]).as_py() > 0
        assert set(table["importance"].unique().to_pylist()) <= {"low", "normal", "high"}
        assert pc.all(pc.match_substring_regex(table["internet_message_id"], r"^<[^<>\s]+@[^<>\s]+>$")).as_py()


def test_addresses_are_lower_case_and_roles_known(copies):
    recipients = copies["recipients"].combine_chunks().flatten()
    for addresses in (copies["sender"], recipients.field("address")):
        assert pc.all(pc.equal(addresses, pc.utf8_lower(addresses))).as_py()
        assert pc.all(pc.match_substring_regex(addresses, r"^(/o=|[^@\s]+@[^@\s]+\.example$)")).as_py()
    assert set(recipients.field("role").unique().to_pylist()) == {"to", "cc", "bcc"}
    assert recipients.field("display_name").null_count == 0


def test_copies_differ_in_nothing_but_id_size_and_blind_recipients(by_message):
    different_ids = 0
    for rows in by_message.values():
        different_ids += len({row["internet_message_id"] for row in rows}) > 1
        for name in ("sent_at", "sender", "subject", "in_reply_to", "importance", "has_attachments"):
            assert len({row[name] for row in rows}) == 1
        shown = {tuple((r["address"], r["role"]) for r in row["recipients"] if r["role"] != "bcc") for row in rows}
        assert len(shown) == 1
    assert 0.03 < different_ids / len(by_message) < 0.2


def test_only_the_senders_copy_shows_blind_recipients(by_message):
    blind = [rows for rows in by_message.values() if any(r["role"] == "bcc" for row in rows for r in row["recipients"])]
    assert len(blind) > 100
    for rows in blind:
        assert sum(any(r["role"] == "bcc" for r in row["recipients"]) for row in rows) == 1


def test_three_replies_in_ten_lack_thread_headers(usual, by_message):
    replies = [message for message in usual.world.messages if message.parent is not None and message.held]
    rows = [by_message[message.ids[0]][0] for message in replies]
    without = sum(row["in_reply_to"] is None for row in rows)
    assert 0.27 < without / len(rows) < 0.33
    for message, row in zip(replies, rows, strict=True):
        assert (row["in_reply_to"] is None) == (row["references"] == [])
        assert row["in_reply_to"] is None or row["in_reply_to"] in message.parent.ids
        assert row["in_reply_to"] is None or row["references"][-1] == row["in_reply_to"]


def test_some_mailboxes_know_no_conversations(usual):
    unknown = {name for name, t in usual.world.mailboxes.items() if t["conversation_id"].null_count}
    assert 0.2 < len(unknown) / len(usual.world.mailboxes) < 0.45
    for name in unknown:
        table = usual.world.mailboxes[name]
        assert table["conversation_id"].null_count == table.num_rows


def test_an_answer_comes_after_what_it_answers_from_somebody_who_saw_it(sample):
    company = sample.world.company
    for message in sample.world.messages:
        if message.parent is None:
            continue
        assert message.at >= message.parent.at
        assert message.thread is message.parent.thread
        seen = {message.parent.sender, *message.parent.recipients}
        seen |= {member for i in seen for member in company.members.get(i, ())}
        through_desk = any(company.principals[i].kind == "shared" for i in seen)
        assert message.sender in seen or through_desk


def test_people_write_at_work(usual):
    company = usual.world.company
    worktime = timetable(company, usual.start, usual.weeks, usual.seed)
    early = weekend = people = 0
    for message in usual.world.messages:
        assert worktime.employed[message.sender, worktime.day(message.at)]
        if message.sender >= company.people or message.automatic:
            continue
        zone = ZoneInfo(SITES[company.principals[message.sender].site].zone)
        local = datetime.fromtimestamp(message.at, UTC).astimezone(zone)
        people += 1
        weekend += local.weekday() > 4
        early += not 7 <= local.hour < 19
        day = (local.date() - usual.start).days
        assert worktime.present[message.sender, day]
    assert weekend == 0
    assert early < people / 500


def test_weekdays_of_a_person_are_far_from_even(usual):
    days = defaultdict(Counter)
    for message in usual.world.messages:
        if message.parent is None and message.sender < usual.people:
            days[message.sender][datetime.fromtimestamp(message.at, UTC).weekday()] += 1
    busy = [max(count.values()) / count.total() for count in days.values() if count.total() > 50]
    assert sum(share > 0.3 for share in busy) > len(busy) / 3


def test_activity_is_heavy_tailed(usual):
    sent = sorted(Counter(m.sender for m in usual.world.messages if m.sender < usual.people).values())
    assert sum(sent[-len(sent) // 10 :]) / sum(sent) > 0.22


def test_all_forms_of_addresses_occur(usual, copies):
    forms = Counter()
    known = {alias for person in usual.directory().people.to_pylist() for alias in person["aliases"]}
    for address in copies["recipients"].combine_chunks().flatten().field("address").to_pylist():
        forms["x500"] += address.startswith("/o=")
        forms["plus"] += "+" in address
        forms["alias"] += address in known
        forms["list"] += address.startswith(("all-staff@", "dl-", "site-"))
        assert not address.startswith("/o=") or address in known
    assert min(forms.values()) > 50


def test_subjects_carry_prefixes_of_several_languages_and_the_external_tag(usual, copies):
    subjects = copies["subject"].to_pylist()
    for prefix in ("RE: ", "Re: ", "AW: ", "SV: ", "RE : ", "FW: ", "WG: ", "TR: ", "Automatic reply: ", "[EXTERNAL] "):
        assert sum(subject.startswith(prefix) for subject in subjects) >= 10, prefix
    assert not any(re.search(r"\{\w*\}", subject) for subject in subjects)
    outside = {p.address for p in usual.world.company.principals if p.is_external}
    for sender, subject in zip(copies["sender"].to_pylist(), subjects, strict=True):
        assert sender not in outside or "[EXTERNAL]" in subject


def test_services_never_receive_and_rooms_never_write(usual):
    company = usual.world.company
    kinds_written = {company.principals[m.sender].kind for m in usual.world.messages}
    kinds_read = {company.principals[i].kind for m in usual.world.messages for i in m.recipients}
    assert {"person", "service", "shared", "external", "publisher"} == kinds_written
    assert {"person", "room", "shared", "external", "distribution_list"} == kinds_read
