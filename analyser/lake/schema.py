"""Every table of the lake: columns with type, meaning and sensitivity. Nothing else states them.

Types are Arrow types. *Sensitivity* says what a column may reveal, and `analyser.privacy` reads it from here:
``none`` (no relation to a person), ``personal`` (names or identifies one person), ``content`` (words that somebody
wrote), ``relational`` (who deals with whom: only shown for groups of the minimum size).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa

__all__ = ["TABLES", "Column", "Sensitivity", "Table"]


class Sensitivity(StrEnum):
    """What a column may reveal."""

    NONE = "none"
    PERSONAL = "personal"
    CONTENT = "content"
    RELATIONAL = "relational"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, Arrow type, meaning, sensitivity."""

    name: str
    type: pa.DataType
    meaning: str
    sensitivity: Sensitivity = Sensitivity.NONE


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake.

    Parameters
    ----------
    name
        Also the name of its folder.
    meaning
        What a row is.
    columns
        In the order of the files.
    partitioned
        True if the files lie in folders ``month=YYYY-MM`` (the month of `sent_at`, UTC).
    derived
        True if a stage writes it anew from other tables; False for facts, which only ingest writes.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    partitioned: bool = False
    derived: bool = True

    @property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema([(column.name, column.type) for column in self.columns])


NONE, PERSONAL, CONTENT, RELATIONAL = (
    Sensitivity.NONE,
    Sensitivity.PERSONAL,
    Sensitivity.CONTENT,
    Sensitivity.RELATIONAL,
)
TEXT, INT, LONG, REAL, FLAG, DAY = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
TIME, TEXTS = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())

_KEY = Column("message_key", TEXT, "Identity of the message, the same for all of its copies")

_FACTS = (
    Table(
        "messages",
        "One message, however many mailboxes hold a copy of it",
        (
            _KEY,
            Column("internet_message_id", TEXT, "Message-ID header; of several, the smallest"),
            Column("source", TEXT, "Name of the source; of several, the smallest"),
            Column("sent_at", TIME, "Date header in UTC"),
            Column("sender", TEXT, "Address in the From header, lower case", PERSONAL),
            Column("subject", TEXT, "Subject as far as `privacy.subjects` lets it be kept", CONTENT),
            Column("base_subject", TEXT, "Subject without reply and forward prefixes, lower case, kept alike", CONTENT),
            Column("subject_key", TEXT, "Keyed digest of the base subject: tells equal subjects without their words"),
            Column("is_reply", FLAG, "The subject begins with a reply prefix"),
            Column("is_forward", FLAG, "The subject begins with a forward prefix"),
            Column("conversation_id", TEXT, "Conversation of Exchange"),
            Column("in_reply_to", TEXT, "Message-ID that this message answers"),
            Column("references", TEXTS, "Message-IDs of the ancestors, oldest first"),
            Column("has_attachments", FLAG, "Null where the source cannot know"),
            Column("importance", TEXT, "low, normal or high"),
            Column("size", LONG, "Bytes"),
            Column("is_automatic", FLAG, "Headers say that a program sent it; null where headers do not tell"),
            Column("list_id", TEXT, "List-Id header"),
            Column("meeting", TEXT, "Calendar message: request, response or notice; null for mail"),
            Column("unresolved_recipients", INT, "Recipients with a name but no address"),
        ),
        partitioned=True,
        derived=False,
    ),
    Table(
        "recipients",
        "One recipient of one message",
        (
            _KEY,
            Column("address", TEXT, "Lower case", PERSONAL),
            Column("role", TEXT, "to, cc or bcc; of several, the first of these"),
            Column("position", INT, "Place in the header, from 0"),
        ),
        partitioned=True,
        derived=False,
    ),
    Table(
        "copies",
        "One copy of a message as a mailbox holds it",
        (
            _KEY,
            Column("content_key", TEXT, "Digest of sender, second, base subject and recipients"),
            Column("internet_message_id", TEXT, "Message-ID of this copy"),
            Column("source", TEXT, "Name of the source"),
            Column("mailbox", TEXT, "Mailbox, file or folder", PERSONAL),
            Column("item_id", TEXT, "The provider's id of this copy"),
            Column("folder", TEXT, "The provider's id of its folder; null where folders are mailboxes of their own"),
        ),
        partitioned=True,
        derived=False,
    ),
    Table(
        "address_names",
        "A display name seen with an address",
        (
            Column("address", TEXT, "Lower case", PERSONAL),
            Column("display_name", TEXT, "As in the header", PERSONAL),
        ),
        derived=False,
    ),
    Table(
        "mailboxes",
        "What was scanned, until when, and how it ended",
        (
            Column("source", TEXT, "Name of the source"),
            Column("mailbox", TEXT, "Mailbox, file or folder", PERSONAL),
            Column("state", TEXT, "complete, partial or unreachable"),
            Column("reason", TEXT, "Why it is not complete"),
            Column("messages", LONG, "Copies read; of sources that tell changes, copies held"),
            Column("problems", LONG, "Messages that could not be read"),
            Column(
                "left_out",
                LONG,
                "Messages outside the period asked for, and what the source left out (drafts, failed deliveries)",
            ),
            Column("oldest", TIME, "First message read"),
            Column("newest", TIME, "Last message read"),
            Column("scanned_at", TIME, "End of the scan"),
            Column("version", TEXT, "Version of the mailbox that was read"),
            Column("watermark", TEXT, "Period that was asked for, as JSON"),
        ),
        derived=False,
    ),
    Table(
        "watermarks",
        "Where the next scan of a mailbox goes on, for sources that tell what has changed",
        (
            Column("source", TEXT, "Name of the source"),
            Column("mailbox", TEXT, "Mailbox", PERSONAL),
            Column("state", TEXT, "The source's own text; names folders, never a message"),
        ),
        derived=False,
    ),
    Table(
        "problems",
        "A message that could not be read",
        (
            Column("source", TEXT, "Name of the source"),
            Column("mailbox", TEXT, "Mailbox, file or folder", PERSONAL),
            Column("place", TEXT, "Where the message stands"),
            Column("reason", TEXT, "Why it could not be read"),
        ),
        derived=False,
    ),
    Table(
        "directory_people",
        "A person or another principal as a directory describes it",
        (
            Column("address", TEXT, "Primary address, lower case", PERSONAL),
            Column("source", TEXT, "Name of the source"),
            Column("display_name", TEXT, "Name", PERSONAL),
            Column("department", TEXT, "Department", RELATIONAL),
            Column("title", TEXT, "Job title", PERSONAL),
            Column("manager", TEXT, "Primary address of the manager", PERSONAL),
            Column("kind", TEXT, "person, shared, room, list, service, external"),
            Column("location", TEXT, "Place of work", RELATIONAL),
            Column("joined_on", DAY, "First day", PERSONAL),
            Column("left_on", DAY, "Last day", PERSONAL),
            Column("aliases", TEXTS, "Further addresses, lower case", PERSONAL),
            Column("is_enabled", FLAG, "False if the account cannot sign in; null where unknown", PERSONAL),
        ),
        derived=False,
    ),
    Table(
        "groups",
        "A directory group, distribution list, team or channel that exists",
        (
            Column("address", TEXT, "Primary address, lower case"),
            Column("source", TEXT, "Name of the source"),
            Column("display_name", TEXT, "Name"),
            Column("kind", TEXT, "distribution_list, security_group, microsoft_365_group, team, channel, community"),
            Column("last_activity", DAY, "Last sign of life"),
        ),
        derived=False,
    ),
    Table(
        "group_members",
        "Membership in an existing group",
        (
            Column("group", TEXT, "Address of the group"),
            Column("source", TEXT, "Name of the source"),
            Column("member", TEXT, "Address of the member", PERSONAL),
        ),
        derived=False,
    ),
)

_DERIVED = (
    Table(
        "addresses",
        "Which principal an address belongs to",
        (
            Column("address", TEXT, "Lower case", PERSONAL),
            Column("principal", TEXT, "Primary address of the principal", PERSONAL),
            Column("how", TEXT, "directory, alias, suggested or observed"),
        ),
    ),
    Table(
        "principals",
        "A person, shared mailbox, room, list or service",
        (
            Column("principal", TEXT, "Primary address, lower case", PERSONAL),
            Column("kind", TEXT, "person, shared, room, list, service, external"),
            Column("display_name", TEXT, "Name", PERSONAL),
            Column("department", TEXT, "Department; null where unknown", RELATIONAL),
            Column("title", TEXT, "Job title", PERSONAL),
            Column("manager", TEXT, "Principal of the manager", PERSONAL),
            Column("location", TEXT, "Place of work", RELATIONAL),
            Column("is_internal", FLAG, "Belongs to the organisation"),
            Column("joined_on", DAY, "First day", PERSONAL),
            Column("left_on", DAY, "Last day", PERSONAL),
            Column("kind_reason", TEXT, "What the kind was read from"),
        ),
    ),
    Table(
        "suggested_merges",
        "Two principals that may be one; never merged without consent",
        (
            Column("principal", TEXT, "Primary address", PERSONAL),
            Column("other", TEXT, "Primary address", PERSONAL),
            Column("reason", TEXT, "What speaks for it"),
        ),
    ),
    Table(
        "audience_participants",
        "A principal's part in a message of an audience",
        (
            _KEY,
            Column("principal", TEXT, "Primary address", PERSONAL),
            Column("role", TEXT, "from, to, cc, bcc or member (of a group that was addressed)"),
        ),
    ),
    Table(
        "interactions",
        "A directed, weighted tie between two principals",
        (
            Column("source", TEXT, "Sending principal", PERSONAL),
            Column("target", TEXT, "Receiving principal", PERSONAL),
            Column("to_count", LONG, "Messages in which the target stands in To"),
            Column("cc_count", LONG, "Messages in which the target stands in Cc or Bcc"),
            Column("weight", REAL, "Sum over messages of 1/n, n recipients"),
            Column("first_seen", TIME, "First message"),
            Column("last_seen", TIME, "Last message"),
        ),
    ),
    Table(
        "message_threads",
        "Which thread a message belongs to",
        (_KEY, Column("thread", TEXT, "Identity of the thread: the message_key of its first message")),
    ),
    Table(
        "threads",
        "A thread as a whole",
        (
            Column("thread", TEXT, "Identity of the thread"),
            Column("messages", INT, "Number of messages"),
            Column("people", INT, "Distinct internal people"),
            Column("senders", INT, "Distinct senders"),
            Column("first_sent", TIME, "First message"),
            Column("last_sent", TIME, "Last message"),
            Column("first_sender", TEXT, "Principal who began it", PERSONAL),
            Column("first_reply_hours", REAL, "Hours until somebody else answered; null if nobody did"),
            Column("with_attachments", INT, "Messages with attachments"),
            Column("attaching_senders", INT, "Distinct senders of messages with attachments"),
            Column("external", FLAG, "Somebody outside the organisation takes part"),
            Column("stem", TEXT, "Stem of its first message", CONTENT),
        ),
    ),
    Table(
        "recipient_sets",
        "An exact set of internal people who were on a message together, sender included",
        (
            Column("recipient_set", TEXT, "Identity of the set"),
            Column("people", INT, "Number of people"),
            Column("messages", LONG, "Messages with exactly this set"),
            Column("senders", INT, "Distinct senders"),
            Column("weeks", INT, "Distinct weeks with a message"),
            Column("first_sent", TIME, "First message"),
            Column("last_sent", TIME, "Last message"),
        ),
    ),
    Table(
        "recipient_set_members",
        "Who is in a recipient set",
        (
            Column("recipient_set", TEXT, "Identity of the set"),
            Column("principal", TEXT, "Primary address", PERSONAL),
        ),
    ),
    Table(
        "audiences",
        "A mined, recurring group of people with a purpose",
        (
            Column("audience", TEXT, "Identity, stable for the same people and purpose"),
            Column(
                "kind",
                TEXT,
                "circle, series, broadcast, desk, rounds (of documents), alarms (of a program), copies (of one notice),"
                " talks (to find a date), decisions, covers (copies to be covered), forum, joiners (who get the same"
                " explanation), path (of requests), outside or closed",
            ),
            Column("people", INT, "Members, core and peripheral"),
            Column("messages", LONG, "Messages of this audience"),
            Column("deliveries", LONG, "Internal recipients summed over its messages"),
            Column("senders", INT, "Distinct senders"),
            Column("hhi", REAL, "Concentration of senders: sum of squared shares"),
            Column("threads", LONG, "Threads"),
            Column("reply_share", REAL, "Share of threads with an answer by somebody else"),
            Column("weeks", INT, "Distinct weeks with a message"),
            Column("weeks_span", INT, "Weeks from first to last message"),
            Column("first_sent", TIME, "First message"),
            Column("last_sent", TIME, "Last message"),
            Column("pace_weeks", INT, "Weeks of the last half-year of its life, fewer if it is younger"),
            Column("pace_active", INT, "Weeks of these with a message"),
            Column("pace_messages", LONG, "Messages in these weeks"),
            Column("pace_answers", LONG, "Messages of these that do not begin their thread"),
            Column("pace_deliveries", LONG, "Deliveries in these weeks"),
            Column("departments", INT, "Distinct departments of its members"),
            Column("runs", INT, "Stretches of activity, parted by five silent weeks or more"),
            Column("run_weeks", INT, "Weeks of the longest of them"),
            Column("stem", TEXT, "Subject stem that marks its purpose; null where it has none", CONTENT),
            Column("stems", TEXTS, "Most frequent stems", CONTENT),
            Column("recent_weight", REAL, "Deliveries, each halved per half-life of age"),
        ),
    ),
    Table(
        "audience_members",
        "Who belongs to an audience",
        (
            Column("audience", TEXT, "Identity of the audience"),
            Column("principal", TEXT, "Primary address", PERSONAL),
            Column("role", TEXT, "core or peripheral"),
            Column("share", REAL, "Share of the audience's messages that the member was on"),
            Column("copied", REAL, "Share of these on which it stood in Cc or Bcc alone"),
            Column("sent", LONG, "Messages of the audience that the member sent"),
        ),
    ),
    Table(
        "audience_messages",
        "Which messages speak for an audience",
        (Column("audience", TEXT, "Identity of the audience"), _KEY),
    ),
    Table(
        "audience_measures",
        "What was measured of an audience beyond what all audiences have",
        (
            Column("audience", TEXT, "Identity of the audience"),
            Column("measure", TEXT, "Name of the measure, as the rule of its kind reads it"),
            Column("value", REAL, "Value"),
        ),
    ),
    Table(
        "cadence",
        "The rhythm of an audience",
        (
            Column("audience", TEXT, "Identity of the audience"),
            Column(
                "period", TEXT, "workday, week, fortnight, four_weeks, month, quarter; null where none is significant"
            ),
            Column("rayleigh", REAL, "Length of the mean phase vector at that period, 0 to 1"),
            Column("slot_coverage", REAL, "Share of expected slots with a message"),
            Column("cycles", INT, "Periods between first and last message"),
            Column("p_value", REAL, "Against times redrawn from the senders' own habits, corrected for all tests"),
            Column("burstiness", REAL, "Finite-size burstiness of the gaps, -1 regular to 1 bursty"),
            Column("weekday", INT, "Usual weekday, 0 Monday; null where none"),
            Column("hour", INT, "Usual hour in the organisation's time zone"),
        ),
    ),
    Table(
        "communities",
        "Leiden communities of the interaction graph",
        (
            Column("principal", TEXT, "Primary address", PERSONAL),
            Column("community", INT, "Number of the community, largest first"),
            Column("stability", REAL, "Mean Jaccard similarity of this community to its best match over seeds"),
        ),
    ),
    Table(
        "topics",
        "A topic over subject stems",
        (
            Column("topic", INT, "Number of the topic, most messages first"),
            Column("terms", TEXTS, "Its strongest terms", CONTENT),
            Column("messages", LONG, "Messages whose stem belongs to it"),
        ),
    ),
    Table(
        "stem_topics",
        "Which topic a stem belongs to",
        (
            Column("stem", TEXT, "Subject stem", CONTENT),
            Column("topic", INT, "Number of the topic"),
            Column("messages", LONG, "Messages with this stem"),
        ),
    ),
    Table(
        "department_openness",
        "How far a department turns outwards, against what its size lets expect",
        (
            Column("department", TEXT, "Department", RELATIONAL),
            Column("people", INT, "People with at least one tie"),
            Column("ties_inside", LONG, "Ties between two of its people", RELATIONAL),
            Column("ties_outside", LONG, "Ties with people of another known department", RELATIONAL),
            Column("ei", REAL, "E-I index (outside - inside) / (outside + inside), -1 closed to 1 open", RELATIONAL),
            Column("ei_expected", REAL, "E-I index of the ties expected if departments were dealt over people"),
            Column("ei_excess", REAL, "ei - ei_expected", RELATIONAL),
            Column("ei_percentile", REAL, "Place of ei among seeded permutations, 0 to 100", RELATIONAL),
            Column("weighted_ei", REAL, "E-I index of weighted ties: sum over messages of 1/recipients", RELATIONAL),
            Column("weighted_ei_excess", REAL, "weighted_ei - ei_expected", RELATIONAL),
            Column("weighted_ei_percentile", REAL, "Place of weighted_ei among the permutations", RELATIONAL),
            Column("constraint_median", REAL, "Median of Burt's constraint over its people", RELATIONAL),
            Column("people_share", REAL, "Share of all people who are its people"),
            Column("path_share", REAL, "Share of all shortest paths between others that pass its people", RELATIONAL),
            Column("path_half", INT, "Fewest of its people who carry half of that", RELATIONAL),
        ),
    ),
    Table(
        "department_links",
        "Ties from one department to another; a pair without a tie has no row",
        (
            Column("from_department", TEXT, "Department that writes", RELATIONAL),
            Column("to_department", TEXT, "Department that receives", RELATIONAL),
            Column("from_people", INT, "People of the writing department with at least one tie"),
            Column("to_people", INT, "People of the receiving department with at least one tie"),
            Column("ties", LONG, "Directed ties", RELATIONAL),
            Column("weight", REAL, "Sum over messages of 1/recipients", RELATIONAL),
            Column("density", REAL, "ties / (from_people * to_people)", RELATIONAL),
            Column("density_by_size", REAL, "Density if all pairs of people of two departments were tied alike"),
            Column(
                "density_by_openness",
                REAL,
                "Density if each department kept its ties with others but preferred none",
                RELATIONAL,
            ),
            Column("carriers", INT, "People of both departments who take part in these ties", RELATIONAL),
            Column(
                "strongest_two_share",
                REAL,
                "Share of the weight in which one of the two strongest carriers takes part",
                RELATIONAL,
            ),
        ),
    ),
    Table(
        "missing_bridges",
        "Two departments that share topics or contacts and hardly talk, the most alike first",
        (
            Column("department", TEXT, "Department", RELATIONAL),
            Column("other", TEXT, "Other department", RELATIONAL),
            Column("people", INT, "People of the department with at least one tie"),
            Column("other_people", INT, "The same of the other"),
            Column("ties", LONG, "Pairs of people tied, whoever writes", RELATIONAL),
            Column("carriers", INT, "People of both departments who take part in these ties", RELATIONAL),
            Column("ties_by_size", REAL, "Ties if all pairs of people of two departments were tied alike"),
            Column("ties_by_openness", REAL, "Ties if each kept its ties with others but preferred none", RELATIONAL),
            Column("chance", REAL, "Probability of so few ties under the smaller of the two (Poisson)"),
            Column("topic_similarity", REAL, "Cosine of what both write about more than others do", RELATIONAL),
            Column("shared_words", TEXTS, "Words of subjects behind it, the most telling first", CONTENT),
            Column("contact_similarity", REAL, "Cosine of the people elsewhere to whom both are tied", RELATIONAL),
            Column("shared_contacts", INT, "People elsewhere to whom both are tied", RELATIONAL),
            Column("shared_departments", TEXTS, "Departments of these, those with enough of them", RELATIONAL),
            Column("go_betweens", INT, "People on the shortest paths from one to the other", RELATIONAL),
            Column("strongest_two_paths", REAL, "Share of these paths that pass one of the strongest two", RELATIONAL),
            Column("paths_error", REAL, "Error bound of that share; 0 where all paths were followed"),
        ),
    ),
    Table(
        "practice_communities",
        "A Leiden community across departments whose people write about the same things",
        (
            Column("community", INT, "Number of the community, as in `communities`"),
            Column("people", INT, "Members with at least one tie"),
            Column("departments", TEXTS, "Departments that take part, most members first", RELATIONAL),
            Column("shared_words", TEXTS, "Words that its people write more than others do", CONTENT),
            Column("stability", REAL, "Stability of the community over seeds"),
            Column("density", REAL, "Ties inside / possible ones", RELATIONAL),
            Column("density_overall", REAL, "The same of all people"),
            Column("across_share", REAL, "Share of the ties inside that cross departments", RELATIONAL),
        ),
    ),
    Table(
        "knowledge",
        "What a team of a department is asked about from outside, and how few answer",
        (
            Column("knowledge", INT, "Number of the topic, the costliest first"),
            Column("audience", TEXT, "Audience of the desk"),
            Column("department", TEXT, "Department that is asked", RELATIONAL),
            Column("terms", TEXTS, "What it is asked about", CONTENT),
            Column("outside_askers", INT, "People of other departments who ask"),
            Column("inside_askers", INT, "People of the department itself who ask the same team the same"),
            Column("inside_asks", LONG, "What they ask"),
            Column("departments_asking", INT, "Departments that ask"),
            Column("asker_departments", TEXTS, "These, most askers first", RELATIONAL),
            Column("department_askers", pa.list_(LONG), "Askers of each of them, in the same order", RELATIONAL),
            Column("asks", LONG, "Asks from outside"),
            Column("messages", LONG, "Messages of their threads"),
            Column("weeks", INT, "Distinct weeks with an ask"),
            Column("weeks_span", INT, "Weeks from the first to the last ask"),
            Column("answered_share", REAL, "Share of asks that somebody inside answered"),
            Column("first_answer_hours", REAL, "Median hours until the first answer; null where there is none"),
            Column("private_share", REAL, "Share of first answers that reached the asker alone"),
            Column("effective_answerers", REAL, "1/HHI of first answers by people; null where a mailbox hides them"),
            Column("answerers", INT, "People who gave a first answer"),
            Column(
                "reasked_share", REAL, "Share of asks that are somebody's first, about what had been answered before"
            ),
            Column("silent_weeks", INT, "Weeks with asks in which the one who answers most sent no mail", RELATIONAL),
            Column("silent_asks", LONG, "Asks in these weeks", RELATIONAL),
            Column("answered_share_when_silent", REAL, "Share of these asks that were answered", RELATIONAL),
            Column("answered_share_else", REAL, "Share of the other asks that were answered", RELATIONAL),
            Column("first_answer_hours_when_silent", REAL, "Median hours until an answer to these asks", RELATIONAL),
            Column("first_answer_hours_else", REAL, "Median hours until an answer to the other asks", RELATIONAL),
            Column("mailbox_share", REAL, "Share of asks to a shared mailbox"),
            Column("repeated_share", REAL, "Share of asks with a subject that several people have used"),
            Column("hours_per_week", REAL, "Hours a week that asks and answers take, by the settings"),
            Column("space", TEXT, "Kind of space that would open it"),
            Column("locked", FLAG, "Few answer, in private, several departments, again and again new people"),
        ),
    ),
    Table(
        "load",
        "Mail load of a department in a week",
        (
            Column("department", TEXT, "Department; null where unknown", RELATIONAL),
            Column("week", DAY, "Monday of the week"),
            Column("people", INT, "People who sent or received"),
            Column("sent", LONG, "Messages sent by its people"),
            Column("deliveries", LONG, "Messages delivered to its people"),
            Column("hours", REAL, "Estimated hours: sent and read minutes by the settings"),
        ),
    ),
    Table(
        "evidence",
        "How much of its mail a source says something about, besides sender, recipients and time",
        (
            Column("evidence", TEXT, "roles, threads, subjects, attachments, headers or departments"),
            Column("told_by", TEXT, "Name of the source"),
            Column("messages", LONG, "Its messages in the period; for departments, the people of its directory"),
            Column("told", LONG, "Those of them with it"),
        ),
    ),
    Table(
        "findings",
        "A recognised pattern with its evidence",
        (
            Column("finding", TEXT, "Identity, stable for the same rule and people"),
            Column("rule", TEXT, "Name of the rule"),
            Column("audience", TEXT, "Audience behind it"),
            Column("title", TEXT, "One line for people", CONTENT),
            Column("members", TEXTS, "People concerned as a group", RELATIONAL),
            Column("departments", TEXTS, "Their departments", RELATIONAL),
            Column("messages", LONG, "Messages of the pattern"),
            Column("deliveries", LONG, "Internal deliveries of the pattern"),
            Column("weeks_active", INT, "Weeks with a message"),
            Column("senders", INT, "Distinct senders"),
            Column("first_seen", TIME, "First message"),
            Column("last_seen", TIME, "Last message"),
            Column("stems", TEXTS, "Example subject stems", CONTENT),
            Column("strength", REAL, "How far its signals pass their thresholds, 0 to 1"),
            Column("signals", TEXT, "JSON: each signal with its value and the threshold it met"),
        ),
    ),
    Table(
        "proposals",
        "A space with the program's verdict",
        (
            Column("proposal", TEXT, "Identity, stable for the same people and kind"),
            Column("rank", INT, "Place in the portfolio, from 1"),
            Column(
                "document", TEXT, "JSON of the whole proposal, as `analyser proposals --json` prints it", RELATIONAL
            ),
        ),
    ),
    Table(
        "runs",
        "Inputs and settings of the last analysis",
        (
            Column("key", TEXT, "since, until, finished_at, thresholds, counts"),
            Column("value", TEXT, "JSON"),
        ),
    ),
)

TABLES: Final[dict[str, Table]] = {table.name: table for table in (*_FACTS, *_DERIVED)}
"""All tables by name, facts first."""
