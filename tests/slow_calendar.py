"""A slow and obvious calendar to compare with: written out by hand, counted day by day.

It shares nothing with `feedback.workdays`: 2026 is copied from the State Council's notice
(国办发明电〔2025〕7号), 2027 is a notice as it might be, with a make-up day in the December before.
"""

from datetime import date, timedelta

OFF = (
    # 2026, as published
    ("2026-01-01", "2026-01-03"),  # Thu - Sat, 元旦
    ("2026-02-15", "2026-02-23"),  # Sun - Mon, 春节
    ("2026-04-04", "2026-04-06"),  # Sat - Mon, 清明
    ("2026-05-01", "2026-05-05"),  # Fri - Tue, 劳动节
    ("2026-06-19", "2026-06-21"),  # Fri - Sun, 端午
    ("2026-09-25", "2026-09-27"),  # Fri - Sun, 中秋
    ("2026-10-01", "2026-10-07"),  # Thu - Wed, 国庆
    # 2027, as it might be
    ("2027-01-01", "2027-01-04"),  # Fri - Mon, 元旦
    ("2027-02-05", "2027-02-11"),  # Fri - Thu, 春节
    ("2027-04-03", "2027-04-05"),  # Sat - Mon, 清明
    ("2027-05-01", "2027-05-05"),  # Sat - Wed, 劳动节
    ("2027-06-09", "2027-06-09"),  # Wed, 端午
    ("2027-09-15", "2027-09-15"),  # Wed, 中秋
    ("2027-10-01", "2027-10-07"),  # Fri - Thu, 国庆
)
WORKED = (
    # 2026, as published
    "2026-01-04",  # Sun, for 元旦
    "2026-02-14", "2026-02-28",  # Sat and Sat, for 春节
    "2026-05-09",  # Sat, for 劳动节
    "2026-09-20", "2026-10-10",  # Sun and Sat, for 国庆
    # 2027, as it might be
    "2026-12-26",  # Sat of the year before, for 元旦
    "2027-01-30", "2027-02-14",  # Sat and Sun, for 春节
    "2027-05-08",  # Sat, for 劳动节
    "2027-09-26", "2027-10-09",  # Sun and Sat, for 国庆
)  # fmt: skip

ONE_DAY = timedelta(days=1)


def every_day(first, last):
    days = [date.fromisoformat(str(first))]
    while days[-1] < date.fromisoformat(str(last)):
        days.append(days[-1] + ONE_DAY)
    return days


DAYS_OFF = [day for span in OFF for day in every_day(*span)]
DAYS_WORKED = [date.fromisoformat(day) for day in WORKED]
ALL_DAYS = every_day("2026-01-01", "2027-12-31")


def is_workday(day):
    if day in DAYS_WORKED:
        return True
    if day in DAYS_OFF:
        return False
    return day.strftime("%a") in ("Mon", "Tue", "Wed", "Thu", "Fri")


WORKDAYS = [day for day in ALL_DAYS if is_workday(day)]


def nth_after(day, n):
    return [other for other in WORKDAYS if other > day][n - 1] if n else day


def nth_before(day, n):
    return [other for other in WORKDAYS if other < day][-n] if n else day


def count_between(first, last):
    return len([day for day in WORKDAYS if first < day <= last])


def last_day(day, amount, unit):
    """Return the last day of a term; one in days that would end on a day off ends on the next."""
    if unit == "workday":
        return nth_after(day, amount)
    end = ALL_DAYS[ALL_DAYS.index(day) + amount]
    return next(other for other in WORKDAYS if other >= end)


def notice_of(year):
    """Return the days of a year's notice, off and worked, with what it says of the December before."""
    begun = date(year - 1, 12, 1)
    return (
        [day for day in DAYS_OFF if day.year == year],
        [day for day in DAYS_WORKED if begun <= day <= date(year, 11, 30)],
    )


def notice_file(year):
    """Return the notice of a year as a CSV file."""
    off, worked = notice_of(year)
    rows = [f"{day},off,放假" for day in off] + [f"{day},worked,调休" for day in worked]
    return "\n".join(("day,kind,name", *rows)).encode()
