"""Why a message did not leave or arrive, in words that say what to do next.

Found by the beginning of the code that the outbox keeps; the longest beginning that fits is meant.
"""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from ..notify import told

_CHECK_NUMBER = _l(
    "This is no mobile number that can be reached: please check it with the citizen, or call."
)
_NO_CONNECTION = _l(
    "The gateway could not be reached. It is tried again by itself; if that does not help, please"
    " have the network and its address checked."
)
_BROKEN_OFF = _l(
    "The gateway broke off without an answer, so it may have been sent: please ask the recipient"
    " before you send it again."
)
_OUR_SETTINGS = _l(
    "The gateway does not accept our account or number: please have the settings checked."
)
_TOO_FAST = _l("The gateway takes no more at present. It is tried again by itself.")
_NO_WHY = _l("The operator could not deliver it and does not say why: send it again once, or call.")
_STOPPED = _l("The holder of this telephone wants no text messages from us: please call.")
_NO_TEMPLATE = _l(
    "No template is registered for this message: please have it registered and named in the settings."
)

REASONS: Mapping[str, LazyString] = {
    # what we decided at the moment of handing over
    "stopped": _STOPPED,
    "too_many": _l("This telephone has been asked often enough this month. Nothing to do."),
    "quiet": _l("Nobody is asked at night: it goes out in the morning."),
    "asked_today": _l("This telephone was asked today already: it goes out tomorrow."),
    "said_twice": _l("The same words went to this telephone twice today, and operators block a third time."
                     " A notice goes out tomorrow; an answer is not needed again."),
    "not_wanted": _l("It was no longer needed, because the matter was settled meanwhile. Nothing to do."),
    "no_mailbox": _l("Nobody in this department receives messages: please add an account first."),
    "no_words": _l("It could not be put into words: please tell your administrator."),
    "no_phone": _l("The telephone number could not be opened: please tell your administrator."),
    # what became of a worker or of our asking
    "lease_lapsed": _l("The program that sent it was interrupted: please ask the recipient."),
    "failed": _l("The program stumbled over it: please ask the recipient, and tell your administrator."),
    "not_on_list": _l("The operator does not have it, so it is sent again. Nothing to do."),
    "overslept": _l("The program or the machine stood still meanwhile: it is tried again by itself."),
    "cannot_be_asked": _l("This operator cannot tell whether it has it: please ask the recipient."),
    # e-mail
    "smtp_data": _l("The mail server broke off in the middle: please ask the recipient."),
    "smtp_connect": _l("The mail server could not be reached: please check its address."),
    "smtp": _l("The mail server refused it: please check the addresses and the account."),
    # Twilio
    "twilio_21610": _STOPPED,
    "twilio_21211": _CHECK_NUMBER, "twilio_21214": _CHECK_NUMBER, "twilio_21217": _CHECK_NUMBER,
    "twilio_21421": _CHECK_NUMBER, "twilio_21612": _CHECK_NUMBER, "twilio_21614": _CHECK_NUMBER,
    "twilio_21635": _CHECK_NUMBER,
    "twilio_21219": _l("A trial account sends only to numbers that were confirmed there: please have"
                       " the account upgraded."),
    "twilio_21408": _l("Our account may not send to this country or region: please have it switched on."),
    "twilio_21617": _l("The text is too long: please have its wording shortened."),
    "twilio_21": _OUR_SETTINGS, "twilio_20404": _OUR_SETTINGS, "twilio_auth": _OUR_SETTINGS,
    "twilio_client": _OUR_SETTINGS, "twilio_21611": _TOO_FAST, "twilio_429": _TOO_FAST,
    "twilio_30001": _TOO_FAST, "twilio_30002": _OUR_SETTINGS,
    "twilio_30003": _l("The mobile telephone was switched off or out of reach: send it again later,"
                       " or call."),
    "twilio_30004": _l("The telephone or its operator blocks our text messages: please call."),
    "twilio_30005": _l("The number is unknown or out of service: please check it, or call another one."),
    "twilio_30006": _l("This is a landline, which takes no text messages: please call."),
    "twilio_30007": _l("The operator took it for advertising and held it back: please call, and have the"
                       " wording and the registration checked."),
    "twilio_300": _NO_WHY, "twilio_undelivered": _NO_WHY, "twilio_failed": _NO_WHY,
    "twilio_canceled": _l("It was cancelled at the gateway: please find out by whom before you send it"
                          " again."),
    "twilio_connect": _NO_CONNECTION, "twilio_read": _BROKEN_OFF, "twilio_5xx": _BROKEN_OFF,
    "twilio_in_circles": _l("The gateway's list of what it took could not be read to its end: please ask"
                            " the recipient before you send it again."),
    "twilio_408": _BROKEN_OFF, "twilio_answer": _BROKEN_OFF, "twilio_too_many": _BROKEN_OFF,
    "twilio": _l("The gateway refused it: please have this code looked up, or call the citizen."),
    # the plain gateway of a domestic operator
    "http_no_template": _NO_TEMPLATE, "http_LIMIT": _TOO_FAST, "http_STOPPED": _STOPPED,
    "http_BUSY": _TOO_FAST, "http_BAD_NUMBER": _CHECK_NUMBER, "http_AUTH": _OUR_SETTINGS,
    "http_BAD_ACCOUNT": _OUR_SETTINGS,
    "http_BALANCE": _l("Our account with the operator is empty: please have it topped up. What still waits"
                       " then goes out by itself."),
    "http_BAD_TEMPLATE": _l("The operator does not take our template for this message: please have it and its"
                            " number in the settings checked."),
    "http_BAD_TEXT": _l("The operator does not take these words: please call, and have the wording checked."),
    "http_429": _TOO_FAST, "http_401": _OUR_SETTINGS, "http_403": _OUR_SETTINGS,
    "http_connect": _NO_CONNECTION, "http_read": _BROKEN_OFF, "http_5xx": _BROKEN_OFF,
    "http_408": _BROKEN_OFF, "http_3": _BROKEN_OFF, "http_answer": _BROKEN_OFF,
    "http": _l("The gateway refused it: please have this code looked up, or call the citizen."),
}  # fmt: skip

STOPPED = told.STOPPED | {"stopped"}

_LONGEST_FIRST = sorted(REASONS, key=len, reverse=True)


def reason_words(code: str) -> str:
    """Return what a reason's code means and what to do next; the code itself if nobody knows it."""
    return next((str(REASONS[start]) for start in _LONGEST_FIRST if code.startswith(start)), code)


def wants_no_texts(code: str) -> bool:
    """Say whether a message was held back because the telephone's holder wants none."""
    return code in STOPPED
