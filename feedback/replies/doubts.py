"""What speaks against a grade that a reply seems to give: then nobody's satisfaction is guessed.

Decides by what stands beside the grade. Each doubt is a question of its own; one is enough.
"""

import re
from dataclasses import dataclass

from ..catalog.grades import Grade
from .tone import (
    is_plain_blame,
    is_plain_praise,
    is_too_cool_for_best,
    is_too_warm_for_worst,
    mocks_in_quotes,
)
from .words import CLAUSE, END, GRADE, NUMBERS, any_of, grade_of


@dataclass(frozen=True)
class Said:
    """A grade and what stands around it, all folded."""

    grade: Grade
    letter: str | None
    whole: str
    written: str
    """The grade as it was written first: 5, 五, 5分, 满意."""
    gap: str
    """What stands between the grade and the words."""
    words: str
    ends_at: int
    """Where in the message the grade ends."""


def is_doubtful(said: Said) -> bool:
    """Whether anything speaks against the grade."""
    return any(doubt(said) for doubt in DOUBTS)


# --- it was no grade but the beginning of something ---

# «5 分钟», «3 天了»: some keyboards put a space after every number. But «2 天气太热没空调».
MEASURE = re.compile(
    any_of("""
        分 钟 小时 时(?!间|候) 秒(?!批) 天(?!气) 日 月 年(?!纪|龄|轻) 周(?![先女师到末]) 星期 礼拜
        号(?!没) 点(?![赞点]) 个
        位(?![置子]) 名(?!字) 人(?![太多员手家工满性都]) 次 遍 趟 回(?![复答应电访]) 元 块 毛(?!病) 角
        万 千 百
        楼 层(?!层) 栋 幢 室 台(?!阶) 家(?![里人属]) 张(?![大三先女阿老某师]) 份 条(?!件) 件 样 种 句 页 级
        度 岁 米 公里 折(?!腾) 倍 只(?![有会能是知顾管]) 路(?![太远不上]) 股 本 代 ℃ %
    """)
)
# «A4 纸», «C1 驾照», «B2 停车场»: a letter with a digit is the name of many things.
NAMED = re.compile(
    any_of("纸 驾 照 证 窗 座 门 口 厅 区 柜 车 通道 出口 停车 高速 地铁 轮 型 版 网")
)
GOES_ON_IN_ENGLISH = re.compile(
    any_of("""
        thank good great excellent bad rude slow terrible very no nobody not fast quick nice friendly
        just waited too staff service the
    """)
)


def _begins_a_measure(said: Said) -> bool:
    is_number = said.written[0] in NUMBERS and not said.gap.strip()
    return is_number and bool(MEASURE.match(said.words))


def _begins_a_name(said: Said) -> bool:
    return bool(said.letter) and not said.gap.strip() and bool(NAMED.match(said.words))


def _begins_english(said: Said) -> bool:
    """Whether it goes on like «5 minutes» or «a 5 star hotel», not like «5 thanks»."""
    if said.written[0] not in "12345" or said.gap.strip(" ") or not re.match("[a-z]", said.words):
        return False
    return said.letter is not None or not GOES_ON_IN_ENGLISH.match(said.words)


# --- other services, numbers and grades ---

OTHER_LETTER = re.compile(r"(?<![a-z0-9])[a-z](?![a-z])")
LONE_NUMBER = re.compile(
    r"(?<![0-9])(?<![0-9][.:/\-])([0-9]{1,3})(?![.:/\-][0-9])"
    rf"(?:{END}|[吗吧呢]|[分星](?![钟之多半]))"
)
ONLY_A_NUMBER = re.compile(rf"{CLAUSE}[0-9.:/\-]{{2,6}}{END}")
OTHER_GRADE = re.compile(f"{CLAUSE}({GRADE})")
MENTIONS = [
    (re.compile("(?:没有?人?|不是|无|并非|不会|不得)(?:非常)? {0,3}不 {0,3}满意"), set[int]()),
    (re.compile("非常 {0,3}不 {0,3}满意"), {1}),
    (re.compile("不 {0,3}满意"), {1, 2}),
    (re.compile("(?:not|n['’]t|never)[a-z ]{0,12}satisfied|(?:un|dis)satisfied"), {1, 2}),
    (re.compile("(?:不(?!错)|[没谈算怎哪谁何未难]|希望|才能)[^满,。!?;]{0,10}满意"), {1, 2, 3}),
    (re.compile("满意(?:个屁|才怪|吗|么|度|的?答|的?结果|为止)"), {1, 2, 3}),
    (re.compile("非常 {0,3}满意|五星"), {5}),
    (re.compile("基本 {0,3}满意"), {3}),
    (re.compile("[较还挺尚](?:算|是)?满意"), {3, 4}),
    (re.compile("满意|satisfied"), {4, 5}),
]
"""Which grades remain when the words speak of satisfaction; what fits first is taken out."""


def _names_another_service(said: Said) -> bool:
    other = OTHER_LETTER.search(said.words)
    return other is not None and (said.letter is not None or other.start() == 0)


def _names_another_number(said: Said) -> bool:
    if said.words[:1].isdigit() and not re.search(r"[ \n]", said.gap):
        return True  # «5,10分钟»
    others = {int(number[1]) for number in LONE_NUMBER.finditer(said.words)}
    return bool(others - {said.grade}) or bool(ONLY_A_NUMBER.search(said.words))


def _names_another_grade(said: Said) -> bool:
    return any(grade_of(other[1]) != said.grade for other in OTHER_GRADE.finditer(said.words))


def _speaks_of_another_grade(said: Said) -> bool:
    rest = said.words
    for mention, grades in MENTIONS:
        if mention.search(rest) and said.grade not in grades:
            return True
        rest = mention.sub("…", rest)
    return False


# --- it is taken back, asked or mocked ---

TAKEN_BACK = re.compile(
    CLAUSE
    + any_of("""
        (?:我|刚才|刚刚|不好意思|抱歉)?[打按点选发写评搞弄填]?错(?:了|$) 才怪 不对(?:了|$|[,。!]) 更正
        改(?:[成为评到]|$) 应该?[是为] 上一?[条个] 作废 不算 撤回
    """)
    + "|开玩笑|骗你|逗你|反话"
    + r"|^(?:[吧吗么嘛呢+=×%]|(?:或者?|[到至和与及]|or|to) {0,3}(?:[0-9一二三四五]|$))"
)
ABOUT_THE_SCALE = re.compile(
    any_of(r"""
        [什啥]么?意思 ^是不是 对[吗吧] 对不对 几分(?!钟) ^是.*(?:[?吗吧呢]|最)
        ^最[高低好差大小](?:分|吗|吧|是) 满分[0-9是几]
    """)
)
STARTS_ASKING = re.compile(r"[^\w?]{0,9}\?")
MOCKERY = re.compile(
    any_of("""
        才怪 [个你](?:屁|鬼|头|锤子|毛|球|妹|大爷) 毛线 行了吧 呵呵 骗谁 做梦 想得美 不可能 不存在 并没 并不
        假的 你信 鬼才 怎么 难道 反着 讽刺 狗头
    """)
    + f"|{CLAUSE}{any_of('不 没有? 不是 才 否 呸 哼 切 滚')}{END}|{CLAUSE}(?:no|not)(?:$|[,.!)])"
)


def _is_taken_back(said: Said) -> bool:
    return bool(TAKEN_BACK.search(said.words))


def _asks(said: Said) -> bool:
    """Whether it is a question; «2 你们还上班吗？» is none, the angry ask like that."""
    if STARTS_ASKING.match(said.words) or ABOUT_THE_SCALE.search(said.words):
        return True
    return not said.grade.is_negative and bool(re.search("[?吗]", said.words))


def _mocks(said: Said) -> bool:
    if said.grade.is_negative:
        return False
    return bool(MOCKERY.search(said.words)) or mocks_in_quotes(said.words)


def _is_contradicted(said: Said) -> bool:
    """Whether the words are plainly opposite: some people think that 1 is best."""
    if said.grade.is_negative:
        return is_plain_praise(said.words, said.whole)
    return said.grade >= Grade.SATISFIED and is_plain_blame(said.words, said.whole)


def _is_lukewarm(said: Said) -> bool:
    """Whether the words stand in the middle of the scale and the grade at one of its ends."""
    if said.grade == Grade.VERY_SATISFIED:
        return is_too_cool_for_best(said.words, said.whole)
    is_worst = said.grade == Grade.VERY_DISSATISFIED
    return is_worst and is_too_warm_for_worst(said.words, said.whole)


DOUBTS = (
    _begins_a_measure,
    _begins_a_name,
    _begins_english,
    _names_another_service,
    _names_another_number,
    _names_another_grade,
    _speaks_of_another_grade,
    _is_taken_back,
    _asks,
    _mocks,
    _is_contradicted,
    _is_lukewarm,
)
