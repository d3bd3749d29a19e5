# SPDX-License-Identifier: Apache-2.0
"""Which route of an Envoy RouteConfiguration (as JSON) takes a request, without Envoy.

Only what istiod generates for a sidecar is understood; anything else is an error, not a guess.
"""
import re
import string


class Unknown(Exception):
    """The configuration has something that this evaluator does not know."""


def find_route(configuration, call):
    """The route, or None: Envoy answers 404."""
    host = virtual_host(configuration, call.authority)
    if host is None:
        return None
    path = normalize(call.path)
    return next((route for route in host.get("routes", [])
                 if matches(route["match"], path, call)), None)


def virtual_host(configuration, authority):
    name = authority.lower()
    if configuration.get("ignorePortInHostMatching"):
        name = re.sub(r":[^:\]]*$", "", name)  # whether it is a number or not
    best, best_rank = None, None
    for host in configuration.get("virtualHosts", []):
        for domain in host["domains"]:
            rank = domain_rank(domain.lower(), name)
            if rank is not None and (best_rank is None or rank > best_rank):
                best, best_rank = host, rank
    return best


def domain_rank(domain, name):
    """Exact, then the longest suffix wildcard, then the longest prefix wildcard, then `*`."""
    if domain == "*":
        return (0, 0)
    if domain.startswith("*"):
        suffix = domain[1:]
        return (2, len(domain)) if name.endswith(suffix) and len(name) > len(suffix) else None
    if domain.endswith("*"):
        return (1, len(domain)) if name.startswith(domain[:-1]) else None
    return (3, 0) if domain == name else None


UNRESERVED = string.ascii_letters + string.digits + "-._~"


def normalize(path):
    """Istio's BASE: escaped unreserved characters are decoded and dot segments resolved; slashes
    are neither merged nor decoded."""
    def decoded(match):
        character = chr(int(match[1], 16))
        return character if character in UNRESERVED else match[0]

    path = re.sub("%([0-9A-Fa-f]{2})", decoded, path)
    kept = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def matches(match, path, call):
    known = {"prefix", "path", "safeRegex", "caseSensitive", "headers", "queryParameters"}
    if set(match) - known:
        raise Unknown(f"route match {sorted(set(match) - known)}")
    return (path_matches(match, path)
            and all(header_matches(m, path, call) for m in match.get("headers", []))
            and all(query_matches(m, call) for m in match.get("queryParameters", [])))


def path_matches(match, path):
    fold = (lambda text: text) if match.get("caseSensitive", True) else str.lower
    if "prefix" in match:
        return fold(path).startswith(fold(match["prefix"]))
    if "path" in match:
        return fold(path) == fold(match["path"])
    return full_match(match["safeRegex"]["regex"], path)


def full_match(regex, text):
    return re.fullmatch(regex, text, re.ASCII) is not None


def string_matches(match, text):
    if match.get("ignoreCase"):
        raise Unknown("string match without letter case")
    if "exact" in match:
        return text == match["exact"]
    if "prefix" in match:
        return text.startswith(match["prefix"])
    if "safeRegex" in match:
        return full_match(match["safeRegex"]["regex"], text)
    # Only part of the empty match.
    if not match:
        return text == ""
    raise Unknown(f"string match {sorted(match)}")


def header_matches(match, path, call):
    known = {"name", "presentMatch", "stringMatch", "invertMatch", "treatMissingHeaderAsEmpty"}
    if set(match) - known:
        raise Unknown(f"header match {sorted(set(match) - known)}")
    values = call.values(match["name"].lower())
    if not values and match.get("treatMissingHeaderAsEmpty"):
        values = [""]
    if "stringMatch" not in match:
        return (bool(values) == match.get("presentMatch", True)) != match.get("invertMatch", False)
    holds = any(string_matches(match["stringMatch"], value) for value in values)
    if not match.get("invertMatch"):
        return holds
    # Envoy: an inverted match does not hold of a header that is missing, unless it says otherwise.
    return bool(values) and not holds


def query_matches(match, call):
    known = {"name", "presentMatch", "stringMatch"}
    if set(match) - known:
        raise Unknown(f"query match {sorted(set(match) - known)}")
    value = first_parameter(call.query, match["name"])
    if value is None:
        return match.get("presentMatch") is False
    return string_matches(match["stringMatch"], value) if "stringMatch" in match else True


def first_parameter(query, name):
    """Neither names nor values are decoded."""
    for part in (query or "").split("&"):
        key, _, value = part.partition("=")
        if key == name and part:
            return value
    return None


def rewritten(route, call):
    """Path and query as they go on."""
    path = normalize(call.path)
    action = route["route"]
    if "regexRewrite" in action:
        rewrite = action["regexRewrite"]
        path = re.sub(rewrite["pattern"]["regex"], rewrite.get("substitution", ""), path)
    elif "prefixRewrite" in action:
        # A whole path is what the other matches match.
        replaced = route["match"].get("prefix", path)
        path = action["prefixRewrite"] + path[len(replaced):]
    return path if call.query is None else f"{path}?{call.query}"


def location(route, call):
    """Where a redirect leads to (Envoy: newUri)."""
    redirect = route["redirect"]
    scheme = redirect.get("schemeRedirect", call.scheme)
    port = f":{redirect['portRedirect']}" if "portRedirect" in redirect else ""
    host = redirect.get("hostRedirect") or kept_host(call, scheme, port)
    return f"{scheme}://{host}{port}{redirected_path(route, call)}"


def kept_host(call, new_scheme, new_port):
    name, colon, port = call.authority.rpartition(":")
    if not colon:
        return call.authority
    was_default = (call.scheme, port) in (("http", "80"), ("https", "443"))
    return name if new_port or (new_scheme != call.scheme and was_default) else call.authority


def redirected_path(route, call):
    redirect = route["redirect"]
    query = "" if call.query is None else "?" + call.query
    path = normalize(call.path)
    if redirect.get("pathRedirect"):
        path = redirect["pathRedirect"]
        return path if "?" in path else path + query
    if "prefixRewrite" in redirect:
        path = redirect["prefixRewrite"] + path[len(route["match"].get("prefix", path)):]
    return path + query
