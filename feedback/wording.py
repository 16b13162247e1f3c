"""Codes in words: faults of fields, refusals, grades, states, acts; and moments as people say them.

Everything here is translated. Codes are plain strings, so that no room needs to be known.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Flask, request
from flask_babel import LazyString, get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user

from . import clock
from .errors import FieldError
from .language import chosen, html_language

FAULTS: Mapping[str, LazyString] = {
    "missing": _l("Please fill this in."),
    "too_long": _l("Too long: please keep it to %(max_length)s characters."),
    "not_text": _l("This contains characters that are not text: please type it again."),
    "not_a_number": _l("Please give a whole number in digits."),
    "out_of_range": _l("This number is out of range: please check it."),
    "not_a_moment": _l(
        "Please give date and time with an offset, such as 2026-11-24T10:30:00+08:00."
    ),
    "in_future": _l("This lies in the future: please check the date and time."),
    "before_accepted": _l("This lies before the acceptance: please check both times."),
    "not_a_phone": _l("This is not a telephone number: please check the digits."),
    "not_a_choice": _l("Please choose one of the values offered."),
    "not_an_object": _l("An object with named fields is expected here."),
    "not_a_list": _l("Please send a list here."),
    "unknown_field": _l("There is no field of this name: please check its spelling."),
    "unknown_item": _l("There is no such item in the catalogue: please check its code."),
    "unknown_window": _l("There is no such window: please check its code."),
    "unknown_officer": _l("There is no such officer on the register: please check the code."),
    "unknown_department": _l("There is no such department: please check its code."),
    "recorded_differently": _l(
        "This service is on record with another value here: please check the number, or count the"
        " service number up if it was another service."
    ),
    "too_many": _l("Too many at once: please send at most %(limit)s."),
    "grade_missing": _l("Please choose how satisfied you are."),
    "not_a_grade": _l("Please choose one of the five grades."),
    "reason_missing": _l("Please choose a reason, or write a few words."),
    "unknown_tag": _l("This reason does not exist: please choose from the list."),
    "retired_tag": _l("This reason is no longer in use: please choose another."),
    "tag_of_other_grade": _l(
        "This reason belonged to another grade and was taken out: please look at your choice and"
        " submit again."
    ),
    "identity_missing": _l("Please choose whether you leave your name or stay anonymous."),
    "phone_missing": _l("To be called back, please leave a telephone number; or stay anonymous."),
    "file_empty": _l("This file is empty: please choose another."),
    "file_too_large": _l("This file is too large: at most %(limit)s."),
    "file_type": _l("Only pictures (JPEG, PNG, WebP) and PDF are taken, judged by their content."),
    "too_many_files": _l("At most %(limit)s files at once."),
    "attempt_today": _l(
        "A failed attempt of today is on record already: please try on another day."
    ),
    "conclusion_missing": _l("The citizen was not satisfied: please write down the conclusion."),
    "verdict_missing": _l("Please say whether the citizen is satisfied."),
    "appeal_dismissed": _l(
        "The appeal was dismissed, so the matter counts as founded: please choose another finding."
    ),
    "appeal_over": _l(
        "«Not founded» leads to an appeal, and the time for that has passed: please choose another"
        " finding, and put the matter right."
    ),
    "appeal_too_late": _l("The time to appeal has passed: please put the matter right and reply."),
    "article_missing": _l("Please name the law and its article."),
    "asked_too_late": _l(
        "More time can be asked for before the deadline only: please go on, and say why it is late."
    ),
    "same_department": _l("The case is this department's already: please choose another."),
    "one_clue": _l("Please type a telephone number or a receipt code, one of the two."),
    "phone_not_whole": _l(
        "This is not a whole telephone number: please type all its digits. Part of a number finds"
        " nobody."
    ),
    "not_a_receipt": _l(
        "This is not a receipt code: it has 12 letters and digits, such as 7K3M-92QF-M4TX."
    ),
    "days_out_of_range": _l("Please give a number from %(least)s to %(most)s."),
    "words_missing": _l("Please write a few words."),
    "enough_said": _l(
        "%(limit)s of these are on record, which is the most: for anything more please call 12345."
    ),
    "not_a_table": _l(
        "This is not a CSV or XLSX file that can be read: please save it again as .xlsx or as CSV"
        " (UTF-8), without a password."
    ),
    "table_too_large": _l("The file is too large: at most %(megabytes)s MB. Please split it."),
    "workbook_too_large": _l(
        "The workbook unpacks to more than is read: please save the sheet alone as CSV (UTF-8)."
    ),
    "too_many_rows": _l("Too many rows: at most %(limit)s. Please split the file."),
    "too_many_columns": _l("Too many columns: at most %(limit)s. Please remove what is not asked."),
    "header_missing": _l("The first row must name the columns: please add it."),
    "no_rows": _l("There are no rows below the header: please fill in at least one."),
    "row_unreadable": _l(
        "From this row on the file cannot be read: please check for an unclosed quotation mark."
    ),
    "column_missing": _l("This column is needed: please add it to the first row."),
    "column_unknown": _l(
        "There is no column of this name: please check its spelling or remove it."
    ),
    "column_twice": _l("This column is there twice: please remove one."),
    "cell_outside": _l(
        "There is no column for this cell: please check the row's commas or remove it."
    ),
    "cell_error": _l("The formula gave the error %(value)s: please mend it or type the value."),
    "not_a_flag": _l("Please write 1 for yes or 0 for no."),
    "not_a_code": _l("A code has letters, digits, hyphens and dots only: please check it."),
    "not_in_list": _l("Please use one of these: %(expected)s."),
    "not_a_day": _l("Please give a day such as 2027-01-01."),
    "day_twice": _l("Row %(first_row)s has the same day: please keep one of the two."),
    "day_outside": _l(
        "This day is not meant here: please check it; the file may hold %(first)s to %(last)s."
    ),
    "make_up_on_weekday": _l(
        "A make-up day falls on a Saturday or Sunday, and this is neither: please check the day."
    ),
    "year_incomplete": _l(
        "Holidays that the law gives every year are missing: %(days)s. Please give the year's whole"
        " notice, or load single days as a local change."
    ),
    "key_twice": _l("Row %(first_row)s has the same code: please keep one of the two."),
    "grade_not_in_code": _l(
        "A tag's code begins with its grade: by its code this one belongs to grade %(expected)s."
    ),
    "not_an_email": _l("This is not an e-mail address: please check it."),
    "email_taken": _l("There is an account with this address: please change that one."),
    "roles_apart": _l(
        "Handler and department head may go together, and a supervisor may be marked as a leader;"
        " every other role stands alone: please choose again, or make a second account."
    ),
    "password_too_short": _l("Please use at least 12 characters."),
    "unknown_fact": _l("This message knows nothing called %(names)s: please use what is listed."),
    "words_unreadable": _l("Line %(line)s cannot be read: please check its curly brackets."),
    "words_go_too_far": _l(
        "Only facts, choices (if) and one list (for) are possible here: please leave out the rest."
    ),
    "words_too_long": _l(
        "Too long: a text message may need at most two parts, an e-mail 2,000 characters."
    ),
    "subject_missing": _l(
        "An e-mail begins with its subject and an empty line: please put them before the rest."
    ),
    "words_fail": _l(
        "This cannot be said with the sample facts: please check what is in brackets."
    ),
    "password_too_long": _l("Please use at most 128 characters."),
    "key_name_taken": _l(
        "A key of this name is in use: please choose another name or revoke that key."
    ),
    "last_administrator": _l("This is the last administrator: please make another one first."),
}

REFUSALS: Mapping[str, tuple[LazyString, LazyString]] = {
    "unknown": (
        _l("There is nothing here"),
        _l("Please check the address or code, or scan the QR code again."),
    ),
    "not_yours": (
        _l("This is not open to your account"),
        _l("If you need it for your work, please ask your administrator."),
    ),
    "already_rated": (
        _l("This service has been rated already"),
        _l("Every service can be rated once. The receipt shows what became of the review."),
    ),
    "out_of_turn": (
        _l("This does not fit how it stands now"),
        _l("Somebody may have been quicker. Please open the page again and look."),
    ),
    "expired": (
        _l("The time for rating this service has passed"),
        _l("You can still tell us at the service hotline 12345."),
    ),
    "own_service": (
        _l("Staff cannot rate their own window or department"),
        _l(
            "The telephone given here or with the service is on the staff register. If that is"
            " wrong, please call 12345."
        ),
    ),
    "invalid": (
        _l("Some of it needs another look"),
        _l("Please mend what is marked and submit again."),
    ),
    "too_large": (_l("This is too large"), _l("Please send less at once.")),
    "too_often": (_l("Too often in a short time"), _l("Please wait a minute and try again.")),
    "form_expired": (
        _l("This form was open too long"),
        _l("Nothing was saved. Please open the page anew and send it once more."),
    ),
    "signed_out": (
        _l("You are no longer signed in"),
        _l(
            "Nothing was saved. Please sign in again in a new window, open the page there and send it"
            " once more."
        ),
    ),
    "bad_request": (_l("This could not be read"), _l("Please go back and try again.")),
    "bad_method": (_l("This address does not work that way"), _l("Please go back and try again.")),
    "unsupported": (_l("This kind of content is not taken here"), _l("Please send JSON.")),
    "unauthorised": (_l("A valid key is needed"), _l("Please send it as a bearer token.")),
    "busy": (
        _l("The service cannot answer just now"),
        _l(
            "Nothing was lost: go back, what you typed is still there, and submit again in a minute."
        ),
    ),
    "failed": (
        _l("Something went wrong on our side"),
        _l("It has been noted. Please try again in a minute."),
    ),
}

LABELS: Mapping[str, Mapping[str, LazyString]] = {
    "grade": {
        "5": _l("Very satisfied"), "4": _l("Satisfied"), "3": _l("Fairly satisfied"),
        "2": _l("Dissatisfied"), "1": _l("Very dissatisfied"),
    },
    "identity": {"named": _l("Named"), "anonymous": _l("Anonymous")},
    "kind": {
        "application": _l("Application"), "enforcement": _l("Enforcement"),
        "public": _l("Public service"), "hotline": _l("Hotline"),
    },
    "mode": {"onsite": _l("On site"), "online": _l("Online")},
    "applicant": {
        "person": _l("Natural person"), "enterprise": _l("Enterprise"),
        "institution": _l("Public institution"), "social": _l("Social organisation"),
        "unincorporated": _l("Unincorporated enterprise"), "government": _l("Government body"),
        "other": _l("Other organisation"),
    },
    "state": {
        "triage": _l("Awaiting assignment"), "routed": _l("Awaiting acceptance"),
        "verifying": _l("Being verified"), "rectifying": _l("Being put right"),
        "transferring": _l("Transfer asked for"), "appealed": _l("Appeal being judged"),
        "visiting": _l("Awaiting return visit"), "closing": _l("Awaiting closure"),
        "closed": _l("Closed"), "voided": _l("Not counted"),
        "objected": _l("Objection being judged"),
    },
    "special_state": {
        "proposed": _l("Proposed, to be confirmed"), "declined": _l("Not taken up"),
        "working": _l("Its owner is at work"), "reported": _l("Report to be looked at"),
        "closed": _l("Closed"),
    },
    "special_act": {
        "confirm": _l("Take it up"), "decline": _l("Do not take it up"),
        "measure": _l("Write down the measures"), "report": _l("Report what was done"),
        "send_back": _l("Send the report back"), "close": _l("Close it"),
    },
    "special_happened": {
        "propose": _l("Proposed by the system"), "join": _l("Later cases joined"),
        "confirm": _l("Taken up"), "decline": _l("Not taken up"), "measure": _l("Measures"),
        "report": _l("Report on what was done"), "send_back": _l("Report sent back"), "close": _l("Closed"),
        "overdue": _l("Overdue, and told"), "recomputed": _l("Deadline counted again"),
    },
    "act": {
        "route": _l("Assign"), "accept": _l("Accept"), "contact": _l("Record a contact"),
        "verify": _l("Record the finding"), "rectify": _l("Submit what was put right"),
        "reply": _l("Reply to the citizen"), "visit": _l("Record the return visit"),
        "close": _l("Close the case"), "complex": _l("Ask to treat it as complex"),
        "extend": _l("Ask for more time"), "transfer": _l("Say that it is not ours"),
        "decide": _l("Decide the request"), "reassign": _l("Give it to another department"),
        "appeal": _l("Appeal"), "judge": _l("Judge the appeal"), "object": _l("Object"),
        "reconsider": _l("Judge the objection"), "second_review": _l("Rate how it was put right"),
        "add": _l("Add something"), "answer": _l("Answer the second review"),
    },
    "happened": {
        "receive": _l("Review received"), "open": _l("Case opened"), "route": _l("Assigned"),
        "accept": _l("Accepted"), "contact": _l("Contacted the citizen"), "verify": _l("Verified"),
        "rectify": _l("Put right"), "reply": _l("Replied to the citizen"),
        "visit": _l("Return visit"), "close": _l("Closed"),
        "reveal": _l("Number opened"),
        "complex": _l("Asked to treat it as complex"), "extend": _l("Asked for more time"),
        "transfer": _l("Asked for transfer"), "decide": _l("Request decided"),
        "reassign": _l("Given to another department"), "appeal": _l("Appealed"),
        "judge": _l("Appeal judged"), "object": _l("Citizen objected"),
        "reconsider": _l("Objection judged"), "second_review": _l("Second review"),
        "answer": _l("Second review answered"),
        "add": _l("Citizen added something"), "notice": _l("Supervision notice issued"),
        "rung_1": _l("Due soon"), "rung_2": _l("Overdue"),
        "rung_3": _l("Overdue: urged"), "rung_4": _l("Overdue: on the leaders' list"),
        "recomputed": _l("Deadline counted again"), "found": _l("Looked up by telephone or receipt"),
        "told_soon": _l("Reminded: due soon"), "told_overdue": _l("Warned: overdue"),
    },
    "finding": {
        "true": _l("Well founded"), "partly": _l("Partly well founded"),
        "no_legal_basis": _l("No legal basis for the demand"),
        "unfounded": _l("Not founded (leads to an appeal)"),
    },
    "ground": {
        "mistaken": _l("Rated by mistake"), "malicious": _l("Malicious"),
        "duplicate": _l("Duplicate"), "not_ours": _l("Nothing to do with this department"),
        "unfounded": _l("Not founded"), "other": _l("Another reason"),
    },
    "verdict": {"uphold": _l("Appeal upheld"), "dismiss": _l("Appeal dismissed")},
    "objection_verdict": {"uphold": _l("Objection upheld"), "dismiss": _l("Objection dismissed")},
    "request": {
        "complex": _l("Treat it as complex"), "extend": _l("More time"), "transfer": _l("Transfer"),
    },
    "cause": {
        "overdue": _l("Overdue"), "dissatisfied": _l("The citizen is not satisfied"),
    },
    "rule": {
        "contact": _l("Contact the citizen"), "simple": _l("Put right, simple"),
        "complex": _l("Put right, complex"), "extension": _l("Extension"),
        "triage": _l("Assign"), "decide": _l("Decide a request"), "appeal": _l("Appeal"),
        "judge": _l("Judge an appeal or objection"), "objection": _l("Object to a voiding"),
        "visit": _l("Return visit and closure"), "warn": _l("Yellow light before the deadline"),
        "notice": _l("Supervision notice after the deadline"),
        "leaders": _l("Leaders' list after the deadline"), "judging": _l("Given back: time of judging"),
    },
    "deadline": {
        "contact_due_at": _l("Contact by"), "due_at": _l("Put right by"),
        "desk_due_at": _l("Supervisors' step by"), "next_due_at": _l("Next step by"),
    },
    "day_kind": {"off": _l("off"), "worked": _l("worked")},
    "missing": {
        "contact": _l("Try to reach the citizen, and write down how it went"),
        "verify": _l("A finding; one of «not founded» leads to an appeal and not to closure"),
        "rectify": _l("What was put right, or the law that was explained in its place"),
        "reply": _l("A reply to the citizen"),
        "visit": _l("A return visit: an answer, or three failed attempts on three days"),
        "close": _l("Closure by a supervisor of another office who did not handle it"),
    },
    "bar": {
        "office": _l(
            "This case is about your own office or one of its windows, so another office does what comes"
            " next."
        ),
        "part": _l("You have had another part in this case, so somebody else does what comes next."),
        "touched": _l(
            "You have done something to this case before, so a supervisor who has not judges it."
        ),
        "about_them": _l(
            "This case is about you or your window, so somebody else does what comes next."
        ),
    },
    "band": {
        "overdue": _l("Overdue"), "today": _l("Due today"), "soon": _l("Due soon"),
        "later": _l("Later"), "elsewhere": _l("Somebody else's turn: nothing for you to do now"),
        "ended": _l("Ended"),
    },
    "queue": {
        "triage": _l("To assign"), "requests": _l("Requests to decide"),
        "appeals": _l("Appeals to judge"), "objections": _l("Objections to judge"),
        "visits": _l("Return visits to make"), "closing": _l("To close"),
        "answers": _l("Dissatisfied after the end"), "leaders": _l("Leaders' list"),
    },
    "waiting_for": {
        "triage": _l("No rule found the department."),
        "requests": _l("A department asks, and its clock goes on meanwhile."),
        "appeals": _l("A department says that this review should not count."),
        "objections": _l("A citizen objects to a voiding. Another supervisor judges it."),
        "visits": _l("The department has replied; nobody has asked the citizen yet."),
        "closing": _l("Everything is there; somebody who did not handle it has the last word."),
        "answers": _l("The case is closed, and the citizen rated it badly afterwards: answer in writing."),
        "leaders": _l("Long overdue: these are at the top of the weekly report."),
    },
    "find_why": {
        "asks": _l("The citizen asks what became of it"), "visit": _l("The citizen calls back about a visit"),
        "check": _l("Inspection or audit"),
    },
    "unit": {"workday": _l("working days"), "day": _l("days")},
    "remedy": {"remedy": _l("Put right"), "explanation": _l("The law explained")},
    "means": {"phone": _l("By telephone"), "sms": _l("By text message"), "in_person": _l("In person")},
    "purpose": {
        "call_back": _l("To call back about the review"), "clarify": _l("To ask what happened"),
        "visit": _l("For the return visit"),
    },
    "outcome": {"answered": _l("Reached"), "failed": _l("Not reached")},
    "light": {"green": _l("In time"), "yellow": _l("Due soon"), "red": _l("Overdue")},
    "tag_class": {
        "guide": _l("Service guide"), "time_limit": _l("Time limit"), "process": _l("Process"),
        "staff": _l("Staff"),
    },
    "role": {
        "clerk": _l("Window clerk"), "handler": _l("Handler"), "head": _l("Department head"),
        "operator": _l("Hotline operator"), "supervisor": _l("Supervisor"),
        "leader": _l("Leader (may grant further extensions)"), "auditor": _l("Auditor"),
        "admin": _l("Administrator"),
    },
    "actor": {
        "citizen": _l("Citizen"), "staff": _l("Staff"), "system": _l("System"),
        "api": _l("Business system"),
    },
    "occasion": {
        "case_opened": _l("A new case, to its department"),
        "case_in_triage": _l("A case to assign, to the supervisors"),
        "case_due_soon": _l("A case due soon, to its department"),
        "head_due_soon": _l("A case sent back by the citizen is due soon, to the head"),
        "case_overdue": _l("An overdue case, to its department"),
        "case_notice": _l("An overdue case is urged, to the head"),
        "case_sent_back": _l("A case was sent back by the citizen, to its department"),
        "case_decided": _l("A request or appeal was decided, to its department"),
        "citizen_added": _l("The citizen added something, to the department"),
        "desk_due_soon": _l("A case due soon, to the supervisors"),
        "desk_overdue": _l("An overdue case, to the supervisors"),
        "desk_asked": _l("Something to decide, to the supervisors"),
        "desk_notice": _l("An overdue case was urged, to the supervisors"),
        "leaders_overdue": _l("A case long overdue, to the leaders"),
        "leaders_asked": _l("Something to decide, to the leaders"),
        "special_proposed": _l("A special rectification to confirm, to the supervisors"),
        "special_reported": _l("A special rectification was reported, to the supervisors"),
        "special_desk_overdue": _l("An overdue special rectification, to the supervisors"),
        "special_confirmed": _l("A new special rectification, to its owner"),
        "special_sent_back": _l("A special rectification was sent back, to its owner"),
        "special_overdue": _l("An overdue special rectification, to its owner"),
        "special_closed": _l("A special rectification is closed, to its owner"),
        "citizen_replied": _l("A reply, to the citizen"),
        "citizen_closed": _l("The matter is finished, to the citizen"),
        "citizen_answered": _l("The answer to a second review, to the citizen"),
        "citizen_term_moved": _l("A later date, to the citizen"),
        "citizen_voided": _l("The review does not count, to the citizen"),
        "citizen_objection_judged": _l("The objection was judged, to the citizen"),
        "invitation": _l("An invitation to rate"),
        "invitation_reminder": _l("A reminder to rate, once"),
        "answer_thanks": _l("Answer: thanks for a rating"),
        "answer_asked_why": _l("Answer: a bad rating without a reason"),
        "answer_negative": _l("Answer: a bad rating with a reason"),
        "answer_reason": _l("Answer: the reason came afterwards"),
        "answer_added": _l("Answer: something was added to the matter"),
        "answer_grade": _l("Answer: no grade was understood"),
        "answer_which": _l("Answer: several services are open"),
        "answer_stopped": _l("Answer: no more text messages"),
        "answer_started": _l("Answer: text messages again"),
        "answer_language": _l("Answer: another language"),
        "answer_too_late": _l("Answer: rated already, or too late"),
        "answer_own_service": _l("Answer: staff may not rate their own office"),
        "answer_stranger": _l("Answer: to somebody we never wrote to"),
    },
    "message_state": {
        "queued": _l("Waiting to be sent"), "sending": _l("Being sent"), "sent": _l("Sent"),
        "asking": _l("The operator is being asked"), "delivered": _l("Delivered"),
        "failed": _l("Not delivered"), "uncertain": _l("Sent or not: unknown"),
        "given_up": _l("Given up"), "dropped": _l("Dropped"),
    },
    "owner": {
        "@item": _l("the item's department"), "@guide": _l("the owner of the service guide"),
        "@window": _l("the window's department"),
    },
    "road": {
        "passed": _l("passed to %(department)s"),
        "passed_on": _l("found to be another department's: passed on to %(department)s"),
        "called": _l("you were called"), "spoken_to": _l("the department spoke with you"),
        "tried": _l("the department tried to reach you, in vain"),
        "term_moved": _l("more time was granted by another office"),
        "recounted": _l("counted again, because the calendar of working days changed"),
        "appealed": _l("the department asked another office to check whether your review counts"),
        "counts": _l("another office found: your review counts"),
        "voided": _l("another office found: your review does not count"),
        "objected": _l("you objected"),
        "counts_again": _l("your objection was heard: your review counts again"),
        "void_stands": _l("your objection was looked at: your review still does not count"),
        "answered": _l("it was put right and answered"),
        "explained": _l("the law was explained to you, which does not allow what you asked for"),
        "visited": _l("another office asked you, and you confirmed it"),
        "visit_tried": _l("another office called you and did not reach you"),
        "rated": _l("you said how you find what was done"),
        "sent_back": _l("sent back to be put right once more, because you were not satisfied"),
        "still_unhappy": _l("you were still not satisfied: the supervisors decide how it ends"),
        "added": _l("you added something"), "finished": _l("the matter was finished"),
        "answered_after": _l("the supervisors answered what you said after the end"),
        "answer_after": _l("the supervisors answer what you said after the end, in writing"),
        "finding_owner": _l("the responsible department is being found"),
        "deciding_owner": _l("it is being decided which department is responsible"),
        "checking": _l("another office checks whether your review counts"),
        "rechecking": _l("somebody who has not touched the matter looks at your objection"),
        "call": _l("you are called"), "answer": _l("put right and answered"),
        "answer_again": _l("put right once more, because you were not satisfied"),
        "visit": _l("confirmed with you by another office"), "finish": _l("finished"),
    },
    "opened": {
        "call_back": _l("Your number was opened on %(when)s by %(who)s to call you back."),
        "clarify": _l("Your number was opened on %(when)s by %(who)s to ask you what happened."),
        "visit": _l("Your number was opened on %(when)s by %(who)s to ask you how it was put right."),
    },
    "complexity": {"simple": _l("Simple"), "complex": _l("Complex")},
    "channel": {
        "web": _l("Web"), "qr": _l("QR code"), "sms": _l("Text message"), "kiosk": _l("Evaluator"),
        "hotline": _l("Hotline"), "api": _l("Interface"), "paper": _l("Paper card"),
        "inspection": _l("Inspection"),
    },
}  # fmt: skip

DESKS = (
    ("/desk/events", _l("Services"), ("clerk",)),
    ("/supervision", _l("Supervision"), ("supervisor",)),
    ("/supervision", _l("Return visits"), ("operator",)),
    ("/cases", _l("Cases"), ("handler", "head", "supervisor", "auditor")),
    ("/find", _l("Find a case"), ("operator", "supervisor", "auditor")),
    ("/specials", _l("Root causes"), ("handler", "head", "supervisor", "auditor")),
    ("/supervision/notices", _l("Supervision notices"), ("supervisor", "auditor", "head")),
    ("/reports", _l("Reports"), ("supervisor", "auditor", "head")),
    ("/messages", _l("Messages"), ("supervisor", "admin")),
    ("/messages/incoming", _l("Incoming texts"), ("operator",)),
    ("/admin/catalogue", _l("Catalogue"), ("admin",)),
    ("/admin/accounts", _l("Accounts"), ("admin",)),
)
"""The desks in the order of the navigation, and which roles see them."""

WEEKDAYS = (
    _l("Mon"), _l("Tue"), _l("Wed"), _l("Thu"), _l("Fri"), _l("Sat"), _l("Sun"),
)  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sentence(fault: FieldError) -> str:
    """Return a fault in words that say what to do."""
    words = FAULTS.get(fault.code)
    if words is None:
        return str(_l("Please check this value."))
    return str(words) % {"max_length": "?", "limit": "?", "megabytes": "?", **fault.facts}


def refusal(code: str) -> tuple[str, str]:
    """Return a refusal's headline and what to do next."""
    headline, advice = REFUSALS.get(code, REFUSALS["failed"])
    return str(headline), str(advice)


def label(group: str, value: object) -> str:
    """Return the word for one value of a code table, or the value where there is no word."""
    code = str(getattr(value, "value", value))
    return str(LABELS[group].get(code, code))


def day_words(moment: datetime | date) -> str:
    """Return a day as people say it: 11月23日（周一）, or Mon 23 Nov."""
    day = clock.day_of(moment) if isinstance(moment, datetime) else moment
    weekday = str(WEEKDAYS[day.weekday()])
    if str(get_locale() or "zh").startswith("zh"):
        return f"{day.month}月{day.day}日（{weekday}）"
    return f"{weekday} {day.day} {MONTHS[day.month - 1]}"


def moment_words(moment: datetime) -> str:
    """Return a moment as people say it, by Shanghai's clock: 11月23日（周一）10:42."""
    gap = "" if str(get_locale() or "zh").startswith("zh") else " "
    return f"{day_words(moment)}{gap}{clock.local(moment):%H:%M}"


def routing_words(routing: Mapping[str, Any]) -> str:
    """Return why a case went where it went, as the routing table or a person decided."""
    if routing.get("assigned_by"):
        return _assigned_words(routing)
    if routing.get("rule") is None:
        return gettext("No rule of the routing table matched")
    owner = label("owner", routing["owner"])
    if routing.get("tag_class"):
        about = label("tag_class", routing["tag_class"])
        return gettext(
            "Rule %(rule)s: about «%(about)s» → %(owner)s",
            rule=routing["rule"],
            about=about,
            owner=owner,
        )
    return gettext("Rule %(rule)s → %(owner)s", rule=routing["rule"], owner=owner)


def _assigned_words(routing: Mapping[str, Any]) -> str:
    who, why = routing["assigned_by"], routing["why"]
    assigned = gettext("Assigned by %(who)s: %(why)s", who=who, why=why)
    if not routing.get("tag_class"):  # nobody said, or it was decided before this was asked
        return assigned
    about = label("tag_class", routing["tag_class"])
    return gettext("%(assigned)s (about «%(about)s»)", assigned=assigned, about=about)


def open_wording(app: Flask) -> None:
    """Teach the templates these words."""
    filters: dict[str, Any] = {"local": moment_words, "day": day_words, "sentence": sentence}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        label=label, routing_words=routing_words, desks=desks, html_language=html_language,
        get_language=chosen, current_desk=current_desk,
    )  # fmt: skip


def desks() -> list[tuple[str, str]]:
    """Return the desks of whoever is signed in, as (path, name)."""
    if not current_user.is_authenticated:
        return []
    roles = {str(role.name) for role in current_user.roles}
    return [(path, str(name)) for path, name, who in DESKS if roles.intersection(who)]


def current_desk() -> str:
    """Return the path of one's desk that the page in hand belongs to; one lies within another."""
    here = (path for path, _name in desks() if request.path.startswith(path))
    return max(here, key=len, default="")
