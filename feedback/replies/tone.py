"""Whether words are plainly praise or plainly blame.

Decides by a few words and their negations. Understands no sentence: wishes, comparisons and «but» prove
nothing, and most words are neither.
"""

import re

from .words import any_of

NOT = any_of(r"""
    并?不(?![但仅光愧管])(?:[是够太算很会能]|怎么|觉得)? 没有?(?:什么|那么|人)? 毫无 缺乏 缺少 谈不上
    算不上 未 别 not\s(?:very\s|so\s|too\s)?
""")
VERY = any_of("很 太 非常 特别 十分 真的? 挺 蛮 超级? 极其? 最 更 好 这么 那么 相当 都 也 还 有点")
# 好 and 差 are also parts of other words: 好久, 好慢, 你好, 差不多, 出差.
GOOD = any_of(r"""
    (?<=[很太常别分真的挺蛮超级极都度务])好(?![久慢差多几烦像听说笑吗个累难坑气意容不什贵远乱凶长找办一点些])
    (?<![一-鿿])好(?![一-鿿]) 好(?:评|极了|[得的]很|得不得了|样的|[呀啊]) (?<![一-鿿])[老贼]好
    比[^,。!?不没]{1,6}好 最好(?=的|了|[,。!]|$)
    不错 不(?:算|太|怎么)?差(?![不多点]) (?:热情|耐心|周到|贴心|细心|专业)(?!一?[点些]) 点赞 给力 优秀
    完美 满分 一流 棒 (?<!不)赞 [很挺真]快 速度快 效率高 方便 顺利 喜欢 很满意 杠杠 没得说 没毛病
    顶呱呱 巴适 第一(?=名|$) 优质 热心 和蔼 高效 快捷 太快了 表扬 点个赞 不[赖坏] 没得挑 没[的话]?说
    (?:非常|十分|太|万分)感谢 (?<![一-鿿])[还挺真]?(?:可以|行)(?![一-鿿])
    good great excellent perfect nice helpful
""")
BAD = any_of(r"""
    不(?:是|怎么|太|够)?好(?!意思|像)
    (?<=[很太极真好最超常别更度务率质量验么点都也够])差(?![不点一别距额错旅役])
    (?<![一-鿿])差(?![一-鿿]) 差[劲评到死得极太] 垃圾 恶劣 (?<!灿)烂 糟糕? 没有?人(?=[理管接办上在,。!]|$)
    不理 爱理不
    推诿 踢皮球 扯皮 推来推去 不耐烦 骂 太凶 很凶 敷衍 刁难 拖拉 拖延 拖了 [太很真好常别]慢 慢[死得吞]
    太久 等了?(?:[很好半].|.{0,5}(?:小时|钟头|天|月|年|上午|下午)) 排了.{0,5}(?:小时|队)
    白[跑等来] 跑了.{0,3}[趟次] 投诉 失望 生气 气死 坑 骗 黑心
    不作为 懒政 脸色 甩脸 不给办 办不了 没有?(?:办[成好]|解决) 没用 不行 不怎么样 不咋 效率.?低
    乱收费 官僚 火大 一肚子火 不像话 一塌糊涂 恶心 烦死 繁琐 难看 生硬 冷淡 凶(?=得|[,。!]|$) 玩手机 吵架
    不推荐 再也不来 傲慢 冷漠 冷冰 不满(?![意一二三四五六七八九十0-9]) 无语
    无能 废物 傻 不负责 没反应 收不到 没收到 [零负]分 bad rude slow terrible awful
""")
TONE = re.compile(f"(?P<nots>{NOT}{{0,3}}){VERY}{{0,2}}(?:(?P<good>{GOOD})|(?P<bad>{BAD}))")
GOOD_FACES = re.compile("[👍👏❤🌹💐💯🥰😍🎉]")
BAD_FACES = re.compile("[👎😡🤬😠💩🖕😤❌🚫🤮✖✗✘]")

# Whoever says «but» knows which end of the scale was taken.
CONTRAST = any_of("但 不过 虽 除了 却 可惜 只是 (?<!比)(?:以前|原来|之前|上次|别的|别人|其他|隔壁)")
WISH = any_of("希望 建议 要是 如果 能不能 怎么 哪里 哪有 难道 号称 所谓 就好 点就 装")
BLAME_PROVES_NOTHING = re.compile(CONTRAST)
PRAISE_PROVES_NOTHING = re.compile(f"{CONTRAST}|{WISH}")


def is_plain_praise(words: str, whole: str) -> bool:
    """Whether `words`, or the pictures anywhere in the `whole` message, praise and nothing else."""
    tones = _tones(words, whole)
    return tones == {"good"} and not PRAISE_PROVES_NOTHING.search(words)


def is_plain_blame(words: str, whole: str) -> bool:
    """Whether `words`, or the pictures anywhere in the `whole` message, blame and nothing else."""
    tones = _tones(words, whole)
    return tones == {"bad"} and not BLAME_PROVES_NOTHING.search(words)


def _tones(words: str, whole: str) -> set[str]:
    tones = {_tone(word) for word in TONE.finditer(words)}
    tones |= {"good"} if GOOD_FACES.search(whole) else set()
    tones |= {"bad"} if BAD_FACES.search(whole) else set()
    return tones


def _tone(word: re.Match[str]) -> str:
    """Return good or bad; each negation turns it over («没有不好» is good)."""
    is_turned = len(re.findall(NOT, word["nots"])) % 2 == 1
    return "good" if bool(word["good"]) != is_turned else "bad"
