"""The words of a reply by SMS: which characters look alike, and what each thing may be called.

Tables and the pieces of patterns made of them. What they mean together is decided in `reading`, what
speaks against a grade in `doubts`. Every pattern meets folded text: one character for all the ways of
writing it, small letters, simplified characters.
"""

import re
import unicodedata

from ..catalog.grades import Grade


def any_of(words: str) -> str:
    """Return the pattern of any of `words`, of which each may itself be a pattern."""
    return "(?:" + "|".join(words.split()) + ")"


# --- characters that mean the same ---

# Only what these tables need, each traditional character before its simplified one.
TRADITIONAL = """
    滿满 選选 評评 價价 復复 覆复 擇择 訂订 閱阅 別别 發发 謝谢 嗎吗 個个 點点 號号 時时 間间
    鐘钟 鍾钟 貳贰 參叁 叄叁 幾几 麼么 沒没 還还 錯错 熱热 專专 業业 務务 無无 樣样 對对 應应
    該该 給给 顆颗 極极 讚赞 優优 順顺 爛烂 諉诿 煩烦 罵骂 兇凶 難难 騙骗 氣气 訴诉 漢汉 語语
    說说 這这 們们 較较 會会 總总 體体 過过 雖虽 長长 為为 開开 樓楼 層层 條条 辦办 歲岁 級级
    張张 領领 導导 請请 臉脸 負负 責责 聽听 誰谁 質质 萬万 塊块 週周 頁页 車车 門门 紙纸 廳厅
    區区 櫃柜 話话 並并 夠够 懶懒 廢废 來来
"""
ALIKE = str.maketrans(
    "①②③④⑤❶❷❸❹❺⭐🌟❓❔❗❕" + "".join(TRADITIONAL.split())[::2],
    "1234512345★★??!!" + "".join(TRADITIONAL.split())[1::2],
)
NOT_SEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\u20e3"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef]"
)
"""Joiners, marks of direction, variation selectors, the box of a keycap, the colour of a skin."""
OTHER_WIDTH = re.compile("[\uff00-\uffef\ufe50-\ufe6f]")


def fold(typed: str) -> tuple[str, list[int]]:
    """Return `typed` as it is recognised, and where each of its characters stood (and the end)."""
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(typed):
        alike = _alike(character)
        folded += alike
        origin += [index] * len(alike)
    return "".join(folded), [*origin, len(typed)]


def _alike(character: str) -> str:
    if NOT_SEEN.match(character):
        return ""
    if character.isspace() and character != "\n":
        return " "
    if OTHER_WIDTH.match(character):
        character = unicodedata.normalize("NFKC", character)
    return character.translate(ALIKE).lower()


# --- what surrounds a grade and says nothing ---

# Without digits in circles, plus, minus, stars, and 🔟, which is a number.
FACES = "\u2600-\u2604\u2607-\u2775\u2798-\u27bf\U0001f300-\U0001f51e\U0001f520-\U0001faff"
MARKS = r" \n,。!;:、…·_\"'`“”‘’()\[\]{}《》〈〉「」『』【】〖〗|"
LONE_STAR = "(?<![★☆])★(?![★☆])"
BEFORE = f"(?:[{MARKS}*#{FACES}]|{LONE_STAR})"
"""What may stand before a grade. Not - + . ~ < / =, which make another number of it."""
AFTER = rf"(?:[{MARKS}*.~<>/\-—–{FACES}]|{LONE_STAR}|#(?=[{MARKS}{FACES}]*$))"
"""What ends a grade. A `?` does not: it asks. A `#` ends only a message: 5# is also a building."""
END = rf"(?=$|{AFTER})"
CLAUSE = f"(?:^|{AFTER})"
OPENING_BRACKET = r"[(\[{《〈「『【〖“‘]"
HARMLESS = " \n,。!;:、…·_\"'`“”‘’()[]{}《》〈〉「」『』【】〖〗|*#.~<>/-—–" + "".join(
    map(chr, [*range(0x2607, 0x2776), *range(0x1F300, 0x1F51F), *range(0x1F520, 0x1FB00)])
)
"""The same as characters to strip: what surrounds a command or ends a sentence."""

COURTESY = any_of("""
    您好 你好 大家好 早上好 上午好 中午好 下午好 晚上好 领导好 同志们?[你您]?好 好的 嗯{1,3} 喂 多谢 感谢
    谢谢(?:你们|您|你|了|啦)? 辛苦了 (?:收到|hello|hi|ok)(?![a-z0-9一-鿿])
""")
PREFIX = (
    r"(?:我的?|本人)?(?:[本此这]次)?(?:服务|总体|综合)?"
    r"(?:要选|给(?:你们?|您|他们?|她)?打?|打|投|按|回复?|回答|答复?|答案|选项?|选择|评价?|评分|打分|满意度)"
    r"(?:评价)?[个了是为]?"
)
WHO = "(?:我们?|本人)(?:表示)?(?= *[非不满基])"
THANKS = any_of("谢 感谢 多谢 辛苦 thank")
ONLY_THANKS = re.compile(
    rf"(?:{AFTER}|谢谢?|感谢|多谢|辛苦|你们?|您|大家|各位|了|啦|啊|非常|thanks?|you)*+"
)
SIGNATURE = re.compile(
    r"[【\[(]来自[^【】\[\]()]{1,30}[】\])]$|(?:发自|来自)我的[^ \n,。]{1,20}$|sent from my [a-z ]{1,20}$"
)
"""What a telephone adds by itself at the end: nobody said it."""

# --- grades ---

NUMBERS = {
    **dict.fromkeys("1一壹", 1),
    **dict.fromkeys("2二贰", 2),
    **dict.fromkeys("3三叁", 3),
    **dict.fromkeys("4四肆", 4),
    **dict.fromkeys("5五伍", 5),
}
GRADE_WORDS = {
    "非常满意": 5,
    "满意": 4,
    "基本满意": 3,
    "不满意": 2,
    "非常不满意": 1,
    "verysatisfied": 5,
    "satisfied": 4,
    "fairlysatisfied": 3,
    "dissatisfied": 2,
    "unsatisfied": 2,
    "notsatisfied": 2,
    "verydissatisfied": 1,
    "veryunsatisfied": 1,
}

_UNIT = r"(?: ?(?:分|颗?星|stars?(?![a-z]))|★(?![★☆]))"
_DIGIT = rf"[1-5](?![0-9])(?! {{0,3}}[.:·/\-~] {{0,3}}[0-9]){_UNIT}?+"
_NUMERAL = f"[一二三四五壹贰叁肆伍]{_UNIT}?+"
# Outlines count only if they fill up to five; alone they are a decoration.
_STARS = "(?<!★)(?:★{5}|★{4}☆?|★{3}(?:☆☆)?|★★(?:☆☆☆)?|★☆☆☆☆)(?![★☆])"
_WORD = "(?:非常 {0,3}不?满意|基本 {0,3}满意|不?满意)"
_ENGLISH = (
    "(?:(?:very|fairly|not) {1,3}satisfied|satisfied|(?:very {1,3})?(?:dis|un)satisfied)"
    f"(?= *(?:$|(?! ){AFTER})| +(?:with|thank))"
)
_SIGH = "[啊呀哦噢啦喔]{0,2}"
GRADE = (
    f"(?:(?:{_DIGIT}|{_NUMERAL}){_SIGH}(?:{END}|(?={_WORD}|{THANKS})|(?<=星)(?=[好差]评))"
    f"|{_STARS}|{_WORD}的?{_SIGH}(?:{END}|(?={_WORD}|[1-5]|{THANKS}))|{_ENGLISH})"
)
"""A grade that goes on with nothing, a separator, another grade or thanks: «5分钟» is none."""
LETTER_BEHIND = f"(?!2b|[34]d)(?P<grade>[1-5]分?|{_WORD}) ?(?P<letter>[a-f])"
"""«5A». Later letters are units there (5h, 5k, 5m), 2B is rude, 3D and 4D are films."""

LIKE_A_GRADE = re.compile(
    any_of("""
        [0-9]+ [一二三四五零][分星级] 满意 基本 非常 比较 有点儿? 一般般? 还行 可以 凑合 马马虎虎 差不多
        过得去 不错 好评 差评 应该 大概 可能 回复? 就是 还是 评价? 选择? 怎么 什么 [啥谁哪] 意思 情况 [你您]好
        短信 [很太不没还挺最好差高低算行吗吧呢是给打选我你您这对的了个也都或]
    """)
)
"""What people write of how satisfied they are, and when they ask what the numbers mean."""


def grade_of(written: str) -> Grade:
    """Return the grade that something found by GRADE means."""
    if written[0] == "★":
        return Grade(written.count("★"))
    if written[0] in NUMBERS:
        return Grade(NUMBERS[written[0]])
    return Grade(GRADE_WORDS[re.sub("[ 的啊呀哦噢啦喔]", "", written)])


# --- commands ---

_ASKED = "(?:请|请你们?|求求?你们?|麻烦你?们?|拜托)?(?:你们|您)?(?:以后|今后)?"
_TO_ME = "(?:给|跟|向)?我?"
_TEXTS = "(?:这种|这些|这类|这个|垃圾)?(?:短信|信息|消息)"
_DO_NOT = "(?:不要|别|不用|不必|勿|莫|甭|不许|不准)"
_NO_MORE = any_of(f"""
    {_DO_NOT}{_TO_ME}再(?:{_TO_ME}|来)发{_TO_ME}(?:{_TEXTS})?(?:给我)?[了啦]?
    {_DO_NOT}(?:老|一直|总)?{_TO_ME}发{_TO_ME}{_TEXTS}(?:给我)?[了啦]?
    (?:不要|别|莫|甭|勿)(?:老|一直|总)?{_TO_ME}发{_TO_ME}[了啦]
    我?(?:不想|不愿意?|不要|不再)再?(?:接收|收到?){_TEXTS}[了啦]?
    停止发送?(?:{_TEXTS})? 停发短信
""")
_LEAVE_ME_ALONE = rf"{_ASKED}{_DO_NOT}再?来?(?:骚扰|打扰)我?(?:们|人)?[了啦]?"
_NO_TEXTS = r"(?:\x20(?:the|these|your|any|more))*\x20(?:texts|messages|sms)"
# Not «they never stop», «stop shouting», «STOP 推诿».
_STOP = r"(?:(?<![a-z]\x20)|(?<=satisfied\x20)|(?<=thanks\x20)|(?<=you\x20))(?:please\x20)?stop"
_PLAINLY = any_of(rf"""
    (?:td|t)退[订定] (?:退[订定]\x20?)++(?:td)? td(?:\x20?td)*+ 拒收{_TEXTS} {_ASKED}{_NO_MORE}
    请td (?:我?(?:要求?|想)|请|请?给我|请?帮我|麻烦)?(?:退[订定]|取消订阅)(?:{_TEXTS})?吧?
    unsubscribe(?:\x20me)? opt[\x20-]?out
    {_STOP}(?:all|\x20all|\x20(?:texting|messaging|sending)(?:\x20me)?(?:{_NO_TEXTS})?|{_NO_TEXTS})?(?!\x20?[a-z一-鿿])
    (?:please\x20)?do(?:\x20not|n['’]?t)\x20(?:text|message)\x20me(?:\x20again|\x20any\x20?more)?
    no\x20more\x20(?:texts|messages|sms)
""")
# The words that the carriers teach (TD, T), those of Twilio, and what people write instead. Who quotes
# our own 退订回TD among other words may have copied the whole invitation, and who tells of 骚扰 may
# report pressure: both ask to stop only alone.
STOP = any_of(
    rf"{_PLAINLY} {_LEAVE_ME_ALONE} 请?t 退订t t\x20退订 td\x20退订 退订请?回复?td? 拒收 不收短信"
    r" cancel end quit revoke"
)
STOP_WITHIN = rf"(?:回复?[ :,]{{0,3}})?{_PLAINLY}"
"""What asks to stop also beside other words. Not 拒收: that is also what windows do with papers."""
OTHERS_SAID = re.compile(
    "(?:(?<!我[要想])[说讲问喊]|告诉我?|[让叫劝]我?们?|要求我?们?)[ \\n:,]{0,3}[\"'“‘「『]?$"
)
"""What stands before a wish to stop that somebody else uttered."""
START = any_of("start unstop 订阅 恢复订阅 我要订阅")
ENGLISH = any_of("en english 英文 英语")
CHINESE = any_of("中文 cn zh 汉语 chinese")
