# SPDX-License-Identifier: Apache-2.0
"""Makes the rules that show a difference as few and as short as it can."""
import copy

# Lists and maps whose parts can be left out one by one, as paths into a spec. A star stands for
# every element of a list.
REMOVABLE = (("http",), ("tcp",), ("tls",), ("hosts",), ("subsets",), ("exportTo",),
             ("http", "*", "match"), ("tcp", "*", "match"), ("tls", "*", "match"),
             ("http", "*", "route"), ("tcp", "*", "route"), ("tls", "*", "route"),
             ("http", "*", "match", "*"), ("http", "*", "match", "*", "headers"),
             ("http", "*", "match", "*", "withoutHeaders"), ("tcp", "*", "match", "*"),
             ("tls", "*", "match", "*"), ("http", "*", "headers"), ("http", "*", "redirect"),
             ("http", "*"), ("subsets", "*", "trafficPolicy", "portLevelSettings"),
             ("subsets", "*", "trafficPolicy"), ("subsets", "*"),
             ("trafficPolicy", "portLevelSettings", "*"), ("trafficPolicy", "portLevelSettings"),
             ("trafficPolicy",), ())
# What a rule is not the same rule without.
IDENTITY = ("name", "hosts", "host", "port")


def shrink(older, younger, still_differs):
    """still_differs(older, younger) tells whether smaller lists still show it; every removal that
    keeps it is kept. Returns the lists."""
    lists = [list(older), list(younger)]
    for which in (0, 1):
        drop_rules(lists, which, still_differs)
    for which in (0, 1):
        for index in range(len(lists[which])):
            shorten(lists, which, index, still_differs)
    return lists


def drop_rules(lists, which, still_differs):
    for rule in list(lists[which]):
        smaller = list(lists)
        smaller[which] = [other for other in lists[which] if other is not rule]
        if still_differs(*smaller):
            lists[which] = smaller[which]


def shorten(lists, which, index, still_differs):
    tried = set()
    while True:
        for path, key in removals(lists[which][index]["spec"]):
            if (path, key) in tried:
                continue
            smaller = list(lists)
            smaller[which] = list(lists[which])
            smaller[which][index] = without(lists[which][index], path, key)
            tried.add((path, key))
            if still_differs(*smaller):
                lists[which] = smaller[which]
                tried = {(p, k) for p, k in tried if isinstance(k, str)}
                break
        else:
            return


def removals(spec):
    """(path, key) of everything that may be left out."""
    for pattern in REMOVABLE:
        for path, container in places(spec, pattern, ()):
            keys = range(len(container)) if isinstance(container, list) else list(container)
            yield from ((path, key) for key in keys if key not in IDENTITY)


def places(value, pattern, path):
    if not pattern:
        if isinstance(value, (list, dict)):
            yield path, value
    elif pattern[0] == "*":
        for index, item in enumerate(value):
            yield from places(item, pattern[1:], (*path, index))
    elif isinstance(value, dict) and pattern[0] in value:
        yield from places(value[pattern[0]], pattern[1:], (*path, pattern[0]))


def without(rule, path, key):
    rule = copy.deepcopy(rule)
    container = rule["spec"]
    for step in path:
        container = container[step]
    del container[key]
    return rule
