# SPDX-License-Identifier: Apache-2.0
"""Rules with one or two odd values, most of which somebody refuses."""
import copy
import os
import random

import yaml

from rules import RuleMaker

with open(os.path.join(os.path.dirname(__file__), "oddities.yaml"), encoding="utf-8") as table:
    ODDITIES = yaml.safe_load(table)


def odd_rules(seed, count):
    """`count` rules with names of their own."""
    chance = random.Random(f"odd {seed}")
    made = []
    while len(made) < count:
        older, younger = RuleMaker(chance.randrange(1 << 32)).batch()
        made += [make_odd(rule, chance) for rule in (*older, *younger)]
    for index, rule in enumerate(made[:count]):
        rule["metadata"]["name"] = f"odd-{index}"
    return made[:count]


def make_odd(rule, chance):
    rule = copy.deepcopy(rule)
    for _ in range(chance.randint(1, 2)):
        path, values = chance.choice(list(ODDITIES[rule["kind"]].items()))
        place(rule["spec"], path.split("."), chance.choice(values), chance)
    return rule


def place(container, path, value, chance):
    """Sets what the path leads to; where there is no element for a star, nothing."""
    step = path[0]
    if step == "*":
        if not isinstance(container, list) or not container:
            return
        step = chance.randrange(len(container))
    if not isinstance(container, (dict, list)):
        return
    if len(path) == 1:
        container[step] = copy.deepcopy(value)
        return
    if isinstance(container, dict):
        container.setdefault(step, [{}] if path[1] == "*" else {})
    place(container[step], path[1:], value, chance)
