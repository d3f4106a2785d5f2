"""Five questions on a chapter, each answer with its reason.

The questions stand in files beside this one, a chapter each.
"""

from .questions import Option, Question, chapters, read
from .showing import SelfTest, self_test

__all__ = ["Option", "Question", "SelfTest", "chapters", "read", "self_test"]
