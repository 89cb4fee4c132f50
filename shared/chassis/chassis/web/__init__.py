"""Pages: one layout on GOV.UK components, forms that name their mistakes, errors in plain words, no JavaScript needed.

A service calls `create_pages` and `install` once, and `render`, `read_form` and `filled` in its `pages.py`.
"""

from chassis.web.assets import asset
from chassis.web.forms import Filled, FormError, as_typed, errors_from, filled, read_form, typed_day
from chassis.web.guard import guard
from chassis.web.install import install
from chassis.web.pages import create_pages, render
from chassis.web.site import SITE, Link, Site
from chassis.web.times import clock_time, date, day, days, moment, span, time_of_day

__all__ = [
    "SITE",
    "Filled",
    "FormError",
    "Link",
    "Site",
    "as_typed",
    "asset",
    "clock_time",
    "create_pages",
    "date",
    "day",
    "days",
    "errors_from",
    "filled",
    "guard",
    "install",
    "moment",
    "read_form",
    "render",
    "span",
    "time_of_day",
    "typed_day",
]
