# SPDX-License-Identifier: Apache-2.0
"""The words that random rules and random calls share, so that they meet."""
from registry import DOMAIN

PATHS = ("/", "/a", "/a/b", "/A", "/ab", "/items/1", "/items/12", "/x.html")
HEADERS = {"x-user": ("jason", "Jason", "", "kim", "j"), "x-team": ("one", "two", "one,two"),
           "cookie": ("k=v", "user=jason; k=v")}
QUERY = {"q": ("1", "12", ""), "flag": ("",), "Name": ("a b", "a%20b", "1")}
METHODS = ("GET", "GET", "POST", "PUT", "HEAD", "OPTIONS")
OUTSIDE_HOSTS = ("out.example", "x.out.example", "*.out.example")  # no service has these
SERVER_NAMES = ("", "sni.example", "x.sni.example", "x.y.sni.example", f"a.shop.{DOMAIN}",
                f"c.other.{DOMAIN}", "sec.example", "other.example")

# Regular expressions, and texts that match them or nearly do.
PATH_EXPRESSIONS = {"/items/[0-9]+": ("/items/1", "/items/1x", "/items/"),
                    "/a.*": ("/a", "/ab/c"), ".*": ("/", "/anything"),
                    "/(a|b)": ("/a", "/b", "/ab"), "(?i)/items/.*": ("/ITEMS/7", "/items/")}
TEXT_EXPRESSIONS = {"j.*": ("j", "jason", "Jason"), ".*": ("", "x"), ".+": ("", "x"),
                    "(one|two)": ("one", "two", "three"), "[0-9]+": ("1", "12", "x1"),
                    "^jason$": ("jason", "jason "), "(?i)jason": ("JASON", "jasonx")}
EXPRESSIONS = {**PATH_EXPRESSIONS, **TEXT_EXPRESSIONS}


def expand(host, namespace):
    """The host that a rule of a namespace means by a name."""
    return host if "." in host or host.startswith("*") else f"{host}.{namespace}.{DOMAIN}"


def covers(pattern, host):
    return pattern == host or (pattern.startswith("*") and host.endswith(pattern[1:]))
