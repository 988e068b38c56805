"""Named settings of everything that is said about links between departments."""

from __future__ import annotations

from analyser.config import Thresholds, threshold

__all__ = ["BrokerageThresholds"]


class BrokerageThresholds(Thresholds):
    """How links between departments are measured, and when a link counts as missing."""

    # ties
    max_people: int = threshold(
        8,
        "Recipients inside of a message that still counts as talk between people",
        source="metrics.md section 2",
        ge=1,
    )
    min_messages: int = threshold(
        2, "Messages between two people, either way, that make a tie", source="metrics.md section 2", ge=1
    )
    # chance
    permutations: int = threshold(
        200, "Times that departments are dealt anew over people", source="metrics.md section 5", ge=20
    )
    seed: int = threshold(0, "Seed of permutations and samples", ge=0)
    constraint_people: int = threshold(
        200,
        "People of a department of whom the median of Burt's constraint is taken",
        source="metrics.md section 5",
        ge=5,
    )
    # paths
    path_samples: int = threshold(
        64,
        "People from whom shortest paths are followed; all where there are fewer",
        source="Brandes & Pich 2007",
        ge=1,
    )
    pair_samples: int = threshold(32, "The same between the two departments of a missing bridge", ge=1)
    pairs_followed: int = threshold(3, "Missing bridges whose shortest paths are followed, the strongest first", ge=0)
    confidence: float = threshold(0.95, "Confidence of the error bound of sampled paths", gt=0.5, lt=1)
    # fragile links
    fragile_share: float = threshold(
        0.9,
        "A link rests on two people, and is fragile, if the two strongest take part in at least this share of it",
        source="patterns.md, row 12",
        gt=0,
        le=1,
    )
    # shared topics and contacts
    min_word: int = threshold(3, "Letters of a word of a subject that may tell a topic", ge=2)
    max_words: int = threshold(4000, "Words that are compared, those that most people write", ge=10)
    word_people: int = threshold(3, "People of a department who write a word before it is one of its topics", ge=1)
    lift: float = threshold(
        1.5, "How much oftener people of a department write a word than all others before it is one of its topics", gt=1
    )
    similarity: float = threshold(0.05, "Cosine below which two departments share no topics", gt=0, le=1)
    alike: float = threshold(
        0.75,
        "Share of all pairs of departments that are less alike, for a pair that shares topics or contacts",
        ge=0,
        lt=1,
    )
    shared_words: int = threshold(3, "Words that both departments write more than others do", ge=1)
    words_shown: int = threshold(6, "Words that are told as evidence", ge=1)
    contact_similarity: float = threshold(0.1, "Cosine below which two departments share no contacts", gt=0, le=1)
    shared_contacts: int = threshold(
        5, "People elsewhere to whom both departments are tied", source="metrics.md section 7", ge=1
    )
    # hardly talking
    talk_ratio: float = threshold(
        0.5, "Two departments hardly talk below this share of the ties that they would have", gt=0, lt=1
    )
    chance: float = threshold(
        0.05, "So few ties must be at most this probable (Poisson) where links follow size and openness", gt=0, lt=1
    )
    # communities of practice
    practice_departments: int = threshold(
        3, "Departments that a community of practice spans", source="patterns.md, row 12", ge=2
    )
    practice_members: int = threshold(2, "Members by whom a department takes part", ge=1)
    practice_home: float = threshold(0.5, "Largest share of members from one department", gt=0, le=1)
    practice_known: float = threshold(0.5, "Smallest share of members whose department is known", gt=0, le=1)
    practice_stability: float = threshold(
        0.5, "Smallest mean Jaccard similarity of the community over seeds", source="metrics.md section 5", ge=0, le=1
    )
