"""Audiences: recurring groups of people with a purpose, mined from whole recipient sets.

`circles` finds the people who recur together, `series` one sender's repeated mail, `desks` departments that are asked,
`rounds` documents that are passed on;
`table` states for each what was seen.
"""
