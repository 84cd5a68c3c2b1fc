"""The people of the demo alliance, every one marked as demo. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoSchool:
    """A school: name, BCP 47 language, ISO 3166-1 country, IANA time zone."""

    key: str
    name: str
    language: str
    country: str
    time_zone: str


@dataclass(frozen=True)
class DemoPerson:
    """A grown-up: JupyterHub name, shown name, role, and the key of the school."""

    username: str
    display_name: str
    role: str
    school: str


SCHOOLS = (
    DemoSchool("sandbar", "Sandbar Island School (demo)", "en", "AU", "Australia/Brisbane"),
    DemoSchool("haifeng", "海風國小（示範）", "zh-Hant", "TW", "Asia/Taipei"),
    DemoSchool("daoxanh", "Trường Tiểu học Đảo Xanh (bản mẫu)", "vi", "VN", "Asia/Ho_Chi_Minh"),
)

PEOPLE = (
    DemoPerson("trainer", "Trainer (demo)", "trainer", "sandbar"),
    DemoPerson("amina", "Amina (demo)", "teacher", "sandbar"),
    DemoPerson("bruno", "Bruno (demo)", "teacher", "sandbar"),
    DemoPerson("chen", "陳老師（示範）", "teacher", "haifeng"),
    DemoPerson("dao", "Cô Đào (bản mẫu)", "teacher", "daoxanh"),
)

COHORT = "First steps (demo)"
COURSE = "teaching-at-a-distance"
CLASS = "Class 5 (demo)"
CLASS_TEACHER = "amina"
LESSON = "tides"

CARDS = (
    ("Ana", "crab"), ("Bo", "turtle"), ("Chi", "kite"),
    ("Duc", "boat"), ("Eve", "star"), ("Finn", "whale"),
)
"""Nickname and picture of the six name cards."""
