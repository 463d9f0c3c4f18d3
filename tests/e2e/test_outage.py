"""A step of its own that has no posts yet, then loses its mail, its database and itself."""

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.posts import new_word, submissions
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture

pytestmark = pytest.mark.browser
