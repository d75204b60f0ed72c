"""When sweeps run: the calendar as data, the timetable that follows from it, its runs kept.

`calendar` and `timetable` are pure; `ledger` keeps runs in the store; `service` decides what is
due; `start` is how a planned sweep gets going. `scheduler.py` drives it by APScheduler.
"""

from schedule.calendar import Calendar, CalendarError, load_calendar
from schedule.timetable import Planned, Timetable

__all__ = ["Calendar", "CalendarError", "Planned", "Timetable", "load_calendar"]
