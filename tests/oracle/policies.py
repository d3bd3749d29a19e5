# SPDX-License-Identifier: Apache-2.0
"""Policies in words that both sides can fill in."""
from dataclasses import dataclass

DEFAULT_CONDITIONS = frozenset(("connect-failure", "refused-stream", "unavailable", "cancelled"))


@dataclass(frozen=True)
class Retries:
    attempts: int
    conditions: frozenset
    per_try_timeout: float = 0  # seconds; 0: none


@dataclass(frozen=True)
class Pool:
    connect_timeout: float  # seconds
    # 0: no limit
    connections: int
    pending: int
    requests: int
    retries: int
    requests_per_connection: int
    idle_timeout: float  # seconds; 0: the default


@dataclass(frozen=True)
class Headers:
    """What is done to headers, whose names are in lower case."""
    set: frozenset
    add: frozenset
    remove: frozenset

    @staticmethod
    def of(set=(), add=(), remove=()):
        """set, add: of (name, value)."""
        def lower(values):
            return frozenset((name.lower(), value) for name, value in values)

        return Headers(lower(set), lower(add), frozenset(map(str.lower, remove)))
