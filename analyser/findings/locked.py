"""Locked knowledge in words: what is asked, by whom, how few answer, what silence does, what would open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from analyser.privacy import suppress, suppressed

if TYPE_CHECKING:
    from analyser.analysis.knowledge import Knowledge

__all__ = ["departments", "few", "hidden", "story", "summary"]

_SHOWN = 4
"""Departments that a sentence names."""

_DAY = 24.0

_OPENS: Final = {
    "ticket_queue": "A ticket queue would open it: a shared mailbox is asked, and a queue shows what is still open.",
    "knowledge_page": "A knowledge page would open it: the same questions return, so that an answer is written once.",
    "qa_community": "A question-and-answer community would open it: questions differ, and all find the answers.",
}

_ABOUT_ASKERS: Final = (
    "asks", "messages", "weeks", "weeks_span", "answered_share", "first_answer_hours", "private_share",
    "effective_answerers", "answerers", "reasked_share", "mailbox_share", "repeated_share", "hours_per_week",
    "outside_askers",
)  # fmt: skip
_ABOUT_SILENCE: Final = (
    "silent_weeks", "silent_asks", "answered_share_when_silent", "answered_share_else",
    "first_answer_hours_when_silent", "first_answer_hours_else",
)  # fmt: skip


def hidden(topic: Knowledge, least: int) -> set[str]:
    """Names of the figures that concern fewer people than may be shown.

    Asks in silent weeks stand for people, of whom there may be no more than asks.
    """
    found: set[str] = set()
    if suppress(topic.outside_askers, least):
        found |= {*_ABOUT_ASKERS, *_ABOUT_SILENCE}
    if suppress(topic.inside_askers, least):
        found |= {"inside_askers", "inside_asks"}
    if suppress(topic.silent_asks or 0, least):
        found |= set(_ABOUT_SILENCE)
    return found


def departments(topic: Knowledge, least: int) -> dict[str, int | None]:
    """Askers of each department, most first; None where they are too few to be shown.

    Everybody asks from one department, so that a single hidden number could be reckoned from the total: the smallest
    of the others are hidden too, until the hidden ones are two at least, and hold `least` people together.
    """
    counts = dict(zip(topic.asker_departments, topic.department_askers, strict=True))
    small = [name for name, n in counts.items() if suppress(n, least)]
    if small and not suppress(topic.outside_askers, least):
        for name in sorted(counts.keys() - set(small), key=lambda each: (counts[each], each)):
            if len(small) > 1 and sum(counts[each] for each in small) >= least:
                break
            small.append(name)
    return {name: None if name in small else n for name, n in counts.items()}


def few(topic: Knowledge) -> str:
    """How few answer: their effective number."""
    if topic.effective_answerers is None:
        return "a shared mailbox"
    return f"{topic.effective_answerers:.1f} in effect"


def story(topic: Knowledge, least: int) -> str:
    """A topic in a few sentences; figures about fewer than `least` people are not told."""
    about = ", ".join(topic.terms)
    if suppress(topic.outside_askers, least):
        return f"{topic.department} is asked about “{about}”; figures {suppressed(least)}."
    asked = f"{topic.outside_askers:,} people of {_departments(topic, least)} ask {topic.department} about “{about}”:"
    parts = [
        f"{asked} {topic.asks:,} times in {topic.weeks_span} weeks.",
        _inside(topic, least),
        _answers(topic),
        f"{topic.reasked_share:.0%} of the questions are somebody's first, about what had been answered before.",
        _silence(topic, least),
        f"It takes {_week(topic.hours_per_week)} a week.",
        _OPENS[topic.space],
        "" if topic.locked else "By the thresholds it is not locked.",
    ]
    return " ".join(part for part in parts if part)


def summary(topic: Knowledge, least: int) -> dict[str, Any]:
    """A topic as proposals bear it: what is asked, of whom, whether it is locked, what would open it, and the story."""
    return {
        "terms": list(topic.terms),
        "department": topic.department,
        "locked": None if suppress(topic.outside_askers, least) else topic.locked,
        "space": topic.space,
        "story": story(topic, least),
    }


def _departments(topic: Knowledge, least: int) -> str:
    told = [f"{name} {n:,}" for name, n in departments(topic, least).items() if n is not None]
    listed = f" ({', '.join(told[:_SHOWN])}{', …' if topic.departments_asking > min(len(told), _SHOWN) else ''})"
    noun = "department" if topic.departments_asking == 1 else "departments"
    return f"{topic.departments_asking} other {noun}{listed if told else ''}"


def _inside(topic: Knowledge, least: int) -> str:
    if not topic.inside_askers:
        return ""
    if suppress(topic.inside_askers, least):
        return "Its own people ask the same now and then."
    return f"So do {topic.inside_askers:,} of its own people, {topic.inside_asks:,} times."


def _answers(topic: Knowledge) -> str:
    if topic.first_answer_hours is None or topic.private_share is None:
        return "Nobody answers by mail."
    who = "in the name of a shared mailbox"
    if topic.effective_answerers is not None:
        noun = "person" if topic.answerers == 1 else "people"
        who = f"by {topic.answerers} {noun}"
        if topic.answerers > 1:
            who += f", who count as {topic.effective_answerers:.1f} if all were equally busy"
    return (
        f"{topic.answered_share:.0%} are answered, {who}, after {_time(topic.first_answer_hours)} at the median;"
        f" {topic.private_share:.0%} of the answers reach the asker alone."
    )


def _silence(topic: Knowledge, least: int) -> str:
    """What happened in weeks in which the one who answers most wrote no mail."""
    if not topic.silent_asks or topic.answered_share_when_silent is None or suppress(topic.silent_asks, least):
        return ""
    # how many weeks somebody was away is nobody's business
    text = f"Of {topic.silent_asks:,} that came while the one who answers most was away,"
    text += f" {topic.answered_share_when_silent:.0%} were answered"
    if topic.answered_share_else is not None:
        text += f" instead of {topic.answered_share_else:.0%}"
    if topic.first_answer_hours_when_silent is not None and topic.first_answer_hours_else is not None:
        text += f", after {_time(topic.first_answer_hours_when_silent)}"
        text += f" instead of {_time(topic.first_answer_hours_else)}"
    return text + "."


def _time(hours: float) -> str:
    """A duration, in the unit that people would use."""
    if hours < 1:
        return _counted(hours * 60, "minute")
    return _counted(hours, "hour") if hours < 2 * _DAY else _counted(hours / _DAY, "day")


def _counted(number: float, noun: str) -> str:
    return f"{number:.0f} {noun}{'' if round(number) == 1 else 's'}"


def _week(hours: float) -> str:
    """Hours a week; minutes where they are fewer than one."""
    return _counted(hours * 60, "minute") if hours < 1 else f"{hours:.1f} hours"
