from datetime import date, timedelta

from analyser.report import measures


def flow(flows, source, target):
    return next((f.deliveries, f.people) for f in flows if (f.source, f.target) == (source, target))


def test_people_have_a_department_even_where_none_is_known(plant, make_document):
    lake = plant([make_document()], people={"a@contoso.example": None, "b@contoso.example": "Sales"})
    people = measures.people(lake)
    assert people["a@contoso.example"].department == measures.UNKNOWN
    assert people["b@contoso.example"].department == "Sales"
    assert people["a@contoso.example"].is_person


def test_days_count_messages_and_people_in_local_time(plant, make_document, world):
    messages, parts, spoken = world.mail(weeks=3)
    late = {
        "message_key": "late",
        "source": "mail",
        "sender": "x",
        "sent_at": world.now.replace(day=2, month=7, hour=23, minute=30),
    }
    messages.append(late)  # half past midnight of the next day in London's summer
    parts.append({"message_key": "late", "principal": world.pipeline[0], "role": "from"})
    spoken.append({"audience": "series-1", "message_key": "late"})
    lake = plant([make_document()], mail=(messages, parts, spoken))
    found = measures.days(lake, ["series-1", "silent"], "Europe/London", world.now - timedelta(weeks=26))
    assert found["series-1"] == {
        date(2025, 10, 27): (1, 7),
        date(2025, 10, 20): (1, 7),
        date(2025, 10, 13): (1, 7),
        date(2025, 7, 3): (1, 1),
    }
    assert found["silent"] == {}


def test_days_leave_out_what_is_too_old(plant, make_document, world):
    lake = plant([make_document()])
    found = measures.days(lake, ["series-1"], "UTC", world.now - timedelta(days=15))
    assert sorted(found["series-1"]) == [date(2025, 10, 20), date(2025, 10, 27)]


def test_messages_of_two_audiences_are_one_message(plant, make_document, world):
    messages, parts, spoken = world.mail(weeks=4)
    spoken += [{"audience": "other", "message_key": messages[0]["message_key"]}]
    lake = plant([make_document()], mail=(messages, parts, spoken))
    assert measures.distinct_messages(lake, ["series-1", "other"]) == (4, 5)
    assert measures.distinct_messages(lake, []) == (0, 0)


def test_ties_add_both_directions_and_stay_inside(plant, make_document):
    lake = plant([make_document()], ties=[("a", "b", 2), ("b", "a", 3), ("b", "c", 4), ("a", "a", 9), ("c", "x", 1)])
    assert measures.ties(lake, ["a", "b", "c"]) == [("a", "b", 5), ("b", "c", 4)]


def test_flows_count_deliveries_and_the_people_behind_them(plant, make_document):
    people = {"a": "Sales", "b": "Sales", "c": "Finance", "d": None}
    lake = plant([make_document()], people=people, ties=[("a", "c", 4), ("b", "c", 1), ("c", "a", 2), ("d", "a", 7)])
    flows = measures.flows(lake)
    assert flow(flows, "Sales", "Finance") == (5, 3)
    assert flow(flows, "Finance", "Sales") == (2, 2)
    assert flow(flows, measures.UNKNOWN, "Sales") == (7, 2)
    assert [f.deliveries for f in flows] == [7, 5, 2]


def test_reading_accounts_for_mailboxes_and_problems(plant, make_document):
    states = ["complete", "complete", "unreachable"]
    boxes = [{"source": "mail", "mailbox": f"m{n}", "state": state} for n, state in enumerate(states)]
    problems = [{"source": "mail", "mailbox": "m0", "place": f"{n}", "reason": r} for n, r in enumerate("abb")]
    found = measures.reading(plant([make_document()], mailboxes=boxes, problems=problems))
    assert found.messages == 20
    assert found.mailboxes == {"complete": 2, "unreachable": 1}
    assert list(found.reasons.items()) == [("b", 2), ("a", 1)]
    assert found.unreadable == 3
    assert (found.newest - found.oldest).days == 19 * 7


def test_an_empty_lake_reads_as_nothing(lake):
    found = measures.reading(lake)
    assert (found.messages, found.oldest, found.mailboxes, found.unreadable) == (0, None, {}, 0)
    assert measures.run_entries(lake) == {}
    assert measures.flows(lake) == []
