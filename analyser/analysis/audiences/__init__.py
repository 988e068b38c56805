"""Audiences: recurring groups of people with a purpose, mined from whole recipient sets.

`circles` finds the people who recur together, `series` one sender's repeated mail, `desks` departments that are asked,
`rounds` documents that are passed on, `talks` searches for a date, `decisions` long threads to all, `covers` threads
with copies that nobody answers from; `bridges` and `seasons` measure circles;
`table` states for each what was seen.
"""
