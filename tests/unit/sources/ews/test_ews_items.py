"""Requests, answers and items of Exchange: the parts of the client that need no server."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from exchangelib import errors
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from analyser.sources.contract import RECORDS
from analyser.sources.ews import soap
from analyser.sources.ews.items import Columns
from analyser.sources.ews.outcomes import REASONS, SLOWING, TRANSIENT, RefusedError
from analyser.sources.ews.soap import FIELDS, M, T
from analyser.sources.records import Period
from analyser.sources.service.answers import RetryableError
from ews_server.items import CONTENT

PERIOD = Period.until_now(datetime(1995, 1, 1, tzinfo=UTC))
X500 = "/o=Contoso/ou=x/cn=Recipients/cn=ann"
HEAD = (
    f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{M[1:-1]}" xmlns:t="{T[1:-1]}"><s:Body>'
)


def person(address, name="", kind="SMTP"):
    return (
        f"<t:Mailbox><t:Name>{name}</t:Name><t:EmailAddress>{address}</t:EmailAddress>"
        f"<t:RoutingType>{kind}</t:RoutingType></t:Mailbox>"
    )


def item(key="i1", **fields):
    given = {
        "ItemClass": "IPM.Note",
        "Subject": "Report  7",
        "DateTimeSent": "2024-05-06T07:08:09Z",
        "From": person("Ann@contoso.example", "Ann"),
        "ToRecipients": person("Bob@contoso.example", "Bob") + person("bob@contoso.example", "Bob again"),
    } | fields
    inner = "".join(f"<t:{name}>{text}</t:{name}>" for name, text in given.items() if text is not None)
    return etree.fromstring(f'<t:Message xmlns:t="{T[1:-1]}"><t:ItemId Id="{key}"/>{inner}</t:Message>')


def words(*items, known=None, changed=frozenset()):
    found = Columns(items).words("f", PERIOD, known or {}, [], set(changed))
    assert found.messages.schema.equals(RECORDS)
    return found


def row(**fields):
    found = words(item(**fields))
    assert (found.problems, found.left_out) == ([], {})
    return found.messages.to_pylist()[0]


def test_an_item_becomes_a_record():
    found = row(
        Size="120",
        Importance="High",
        HasAttachments="true",
        InReplyTo="&lt;0@x&gt;",
        References="&lt;a@x&gt; &lt;b@x&gt;",
        InternetMessageId="&lt;1@x&gt;",
        CcRecipients=person("c@x.example"),
    )
    assert found == {
        **dict.fromkeys(RECORDS.names),
        "internet_message_id": "<1@x>", "item_id": "i1", "folder": "f", "in_reply_to": "<0@x>", "size": 120,
        "references": ["<a@x>", "<b@x>"], "sent_at": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        "sender": "ann@contoso.example", "sender_name": "Ann", "subject": "Report 7", "has_attachments": True,
        "importance": "high", "unresolved_recipients": 0,
        "recipients": [{"address": "bob@contoso.example", "display_name": "Bob", "role": "to"},
                       {"address": "c@x.example", "display_name": None, "role": "cc"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "meeting", "automatic"),
    [
        ("IPM.Note", None, None),
        ("IPM.Note.SMIME", None, None),
        ("IPM.Schedule.Meeting.Request", "request", None),
        ("ipm.schedule.meeting.resp.Pos", "response", None),
        ("IPM.Schedule.Meeting.Canceled", "notice", None),
        ("REPORT.IPM.Note.IPNRN", None, True),
        ("REPORT.IPM.Note.NDR", None, True),
        ("IPM.Note.Rules.OofTemplate.Microsoft", None, True),
        (None, None, None),
    ],
)
def test_item_classes_mark_meetings_and_what_is_automatic(kind, meeting, automatic):
    found = row(ItemClass=kind)
    assert (found["meeting"], found["is_automatic"]) == (meeting, automatic)


def test_what_is_no_mail_is_left_out_and_removed_if_it_was_told_before():
    draft, contact = item("d", IsDraft="true"), item("c", ItemClass="IPM.Contact", DateTimeSent=None)
    found = words(item("a"), draft, contact, changed={"c"})
    assert found.messages["item_id"].to_pylist() == ["a"]
    assert dict(found.left_out) == {"draft": 1, "no mail": 1}
    assert (found.told, found.removed, found.problems) == (["a", "d"], ["c"], [])


def test_a_message_without_date_or_sender_is_a_problem():
    found = words(
        item("a", DateTimeSent=None), item("b", From=None), item("c", From=None, Sender=person("s@x.example"))
    )
    assert [key for key, _ in found.problems] == ["a", "b"]
    assert found.messages["sender"].to_pylist() == ["s@x.example"]


def test_addresses_of_exchange_are_replaced_where_they_are_known():
    one = item(From=person(X500, "Ann", "EX"), CcRecipients=person("/o=Contoso/cn=gone", "Gone", "EX"))
    columns = Columns([one])
    assert columns.exchange_addresses() == {X500.lower(), "/o=contoso/cn=gone"}
    found = words(one, known={X500.lower(): "ann@contoso.example"}).messages.to_pylist()[0]
    assert found["sender"] == "ann@contoso.example"
    assert [person["address"] for person in found["recipients"]] == ["bob@contoso.example", "/o=contoso/cn=gone"]


def test_conversations_have_the_id_that_graph_gives_them():
    one = etree.fromstring(
        f'<t:Message xmlns:t="{T[1:-1]}"><t:ItemId Id="i"/><t:DateTimeSent>2024-05-06T07:08:09Z</t:DateTimeSent>'
        f'<t:ConversationId Id="AA/B+C="/><t:From>{person("a@x.example")}</t:From></t:Message>'
    )
    assert words(one).messages["conversation_id"].to_pylist() == ["AA-B_C="]


def test_no_field_that_is_asked_for_is_content():
    assert not set(FIELDS) & CONTENT
    text = etree.tostring(soap.get_items(["a", "b"])).decode()
    assert text.count("FieldURI=") == len(FIELDS)
    assert "IdOnly" in text


def test_codes_are_those_that_exchangelib_knows():
    codes = {code for code in {*REASONS, *TRANSIENT} if code.startswith("Error")}
    assert {code for code in codes if not hasattr(errors, code)} == set()
    assert SLOWING < TRANSIENT


def response(code, inner="", kind="Error"):
    return (
        f'<m:R><m:ResponseMessages><m:X ResponseClass="{kind}"><m:ResponseCode>{code}</m:ResponseCode>{inner}'
        "</m:X></m:ResponseMessages></m:R>"
    )


def fault(code, inner=""):
    return (
        f"<s:Fault><faultcode>t:{code}</faultcode><faultstring>no</faultstring><detail>"
        f'<e:ResponseCode xmlns:e="e">{code}</e:ResponseCode>{inner}</detail></s:Fault>'
    )


BACK_OFF = '<m:MessageXml><t:Value Name="BackOffMilliseconds">1234</t:Value></m:MessageXml>'


def answer(body):
    return f"{HEAD}{body}</s:Body></s:Envelope>".encode()


def test_a_back_off_is_read_to_the_millisecond_in_both_places():
    (message,) = soap.read(answer(response("ErrorServerBusy", BACK_OFF)))
    assert (message.failure().after, message.failure().slows) == (1.234, True)
    with pytest.raises(RetryableError) as caught:
        soap.read(answer(fault("ErrorServerBusy", BACK_OFF.replace("m:", "t:"))))
    assert caught.value.after == 1.234


def test_faults_that_do_not_pass_are_refusals():
    with pytest.raises(RefusedError) as caught:
        soap.read(answer(fault("ErrorImpersonateUserDenied")))
    assert caught.value.reason.startswith("out of scope")
    (message,) = soap.read(answer(response("ErrorInvalidSyncStateData")))
    assert message.failure().lost_place
    (message,) = soap.read(answer(response("ErrorSyncFolderNotFound")))
    assert message.failure().folder_gone


@given(st.data())
def test_an_answer_that_is_cut_anywhere_is_asked_for_again(data):
    whole = answer(response("NoError", "<m:Items/>", "Success"))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(RetryableError):
        soap.read(whole[:cut])


@given(st.text(st.sampled_from("\x01\x0b\x1f a"), min_size=1).filter(lambda text: text.strip() == text))
def test_control_characters_that_xml_forbids_do_not_lose_the_answer(text):
    for written in (text, "".join(f"&#x{ord(char):X};" for char in text), "".join(f"&#{ord(char)};" for char in text)):
        (message,) = soap.read(answer(response("NoError", f"<m:S>{written}</m:S>", "Success")))
        kept = "".join(char for char in text if char >= " ")
        assert (message.element.findtext(f"{M}S") or "") == kept


@given(st.lists(st.sampled_from(["a@x.example", "b@x.example", "C@x.example", ""]), max_size=6))
def test_recipients_stand_once_and_those_without_an_address_are_counted(addresses):
    found = row(ToRecipients="".join(person(address, "Somebody") for address in addresses))
    lower = [address.lower() for address in addresses if address]
    assert [one["address"] for one in found["recipients"]] == list(dict.fromkeys(lower))
    assert found["unresolved_recipients"] == addresses.count("")
    assert pa.types.is_list(RECORDS.field("recipients").type)
