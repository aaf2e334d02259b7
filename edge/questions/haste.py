# ruff: noqa: E501 - lists of words
"""How people write in haste: what is left short is written out, in English and in Chinese.

Chinese is typed by sound, so that particles are left as a single Zhuyin letter and a character may be one that sounds
the same. Words that mean another thing elsewhere ("its", 那裡) are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ENGLISH = """
u ya: you | ur: your | r: are | y: why | n: and | b4: before | w: with | wo: without | thru: through | k kk: ok | okey okie: ok
pls plz plse pl: please | thx tks ty tnx: thanks | abt: about | hw: how | wat wut wht wot: what | wich whch wch: which
wher whr: where | teh hte: the | tht dat: that | dis ths: this | thr ther: there | shud shld shoud: should | cud cld: could
wud wld: would | hv hav: have | chk: check | qty qnty: quantity | amt: amount | num nr nbr nos: number | loc locn: location
pos posn: position | dim: dimension | dims: dimensions | insp: inspection | cond: condition | prev: previous | cmp: compare
rej rejd: rejected | def dfct: defect | defs dfcts: defects | pcs: pieces | pc: piece | px pix: pixels | approx: approximately
dmg: damage | cnt: count | aprox aproxi: approximately | info: information | pic: picture | pics: pictures | img: image | cam: camera | sys: system | tmrw tmr: tomorrow
yday: yesterday | lvl: level | sev: severity | rsn: reason | cuz coz cos bc: because | btw: by the way | asap: now
gonna: going to | wanna: want to | gotta: have to | gimme: give me | lemme: let me | dunno: do not know | kinda: kind of
sorta: sort of | aint isnt: is not | arent: are not | wasnt: was not | dont: do not | doesnt: does not | didnt: did not
cant: can not | wont: will not | hasnt: has not | havent: have not | shouldnt: should not | whats: what is
wheres: where is | hows: how is | whos: who is | whens: when is | whys: why is | thats: that is | theres: there is
heres: here is | im: i am | ive: i have | theyre: they are | youre: you are | whatd: what did | howd: how did
whered: where did | somethin sth smth: something | anythin: anything | nothin: nothing | gd: good | btm: bottom | ctr: centre
dia diam: diameter | len lgth: length | sz: size | dispo: disposition | cust: customer | wk: week | hm howmany: how many
whatabout: what about | prob: problem | probs: problems | wats wuts whts wots: what is | sn: serial number | pn: part number
"""
_CHINESE = """
ㄇ 馬ㄇ: 嗎 | ㄋ ㄋㄟ 捏 咧 勒 哩: 呢 | ㄚ 阿: 啊 | ㄉ: 的 | ㄅ: 吧 | ㄌ 惹: 了 | ㄛ 窩: 喔 | ㄟ: 欸 | 蛤: 啊
什摸 什嘛 神馬 甚麼 什么 殺小: 什麼 | 啥: 什麼 | 為啥: 為什麼 | 怎摸 咋 怎样: 怎麼 | 汙: 污 | 裏: 裡 | 銹: 鏽
在那裡 再那裡 再哪裡: 在哪裡 | 在那邊 再哪邊: 在哪邊 | 那一種: 哪一種 | 那一邊: 哪一邊 | 那一個: 哪一個 | 那種: 哪種
怎辦: 怎麼辦 | 怎了: 怎麼了 | 怎沒: 怎麼沒 | 怎處理: 怎麼處理
幾各: 幾個 | 又沒有: 有沒有 | 暇疵 瑕疪 霞疵 瘕疵 瑕玼: 瑕疵 | 多ㄉ: 多
"""
_MARKS: Mapping[str, str] = {
    "#": " number ",
    "&": " and ",
    "w/o": " without ",
    "w/": " with ",
    "n't": " not",
    "p/f": " pass or fail ",
    "y/n": " yes or no ",
}
_NUMBER_OF = re.compile(r"\bno\.? (?=of\b)|\bnum\.")
_DID = re.compile(r"\b(what|how|where|why)'d\b")
# "last" alone is the part before; "last week" is not.
_LAST = re.compile(r"(?<!it )\b(?:the )?last(?= (?:too|also|as well)\b| *(?:[?.!,;]|$))")
_BEFORE = re.compile(r"\b(as|than|like|to|from|with|vs|versus|since) before(?= *(?:[?.!,;]|$))")
_CHINESE_TIME = re.compile(r"[上前]一?個(?=月|小時|星期|禮拜|班|鐘頭|工單|訂單|客戶|配方)")
_CHINESE_LAST = re.compile(r"(?<![以之馬面身邊])([上前])一?(件|個|片|顆|支|塊|隻|pcs|pc|part)(?![式裝])")
# 上面 is the upper side where nothing else is said, and "on it" before a question.
_ABOVE = re.compile(r"^((?:那|那麼|還有|換|改看|看|再看|然後|再來|另外)?)上面(?=\W*$|[呢咧勒ㄋ也]|的?話|還是|或)")
# "ok, right?" asks for a nod, "on the right?" for a side.
_NOD = re.compile(
    r"(?:, *right|(?<=\bok) right|(?<=\b(?:ng|it)) right|(?<=\bgood) right|(?<=\bpass) right|(?<=\bfine) right)(?= *\?*$)"
)
_FOR = re.compile(r"\b4(?= (?:me|us|this|the|that|it|a)\b)")
_ONE = re.compile(r"\b(last|prev|previous|this|that|the) 1\b")
_WORD = re.compile(r"[a-z0-9]+")


def _table(text: str) -> dict[str, str]:
    rows = (row.split(": ") for line in text.strip().splitlines() for row in line.split(" | "))
    return {short: long for shorts, long in rows for short in shorts.split()}


_LONG = _table(_ENGLISH)
_LONG_CHINESE = _table(_CHINESE)
_SHORT_CHINESE = re.compile("|".join(sorted(map(re.escape, _LONG_CHINESE), key=len, reverse=True)))


def _before(text: str) -> str:
    """The part before, called short, by its whole name."""
    text = _BEFORE.sub(r"\1 the one before", _LAST.sub("the last one", text))
    text = _CHINESE_TIME.sub("上", text)
    return _CHINESE_LAST.sub(lambda last: f"{last[1]}一{last[2] if len(last[2]) == 1 else '件'}", text)


def written_out(text: str) -> str:
    """A question, in lower case, with what is short in either language written out."""
    text = _DID.sub(r"\1 did", _NUMBER_OF.sub("number ", text))
    text = _ONE.sub(r"\1 one", _FOR.sub("for", _NOD.sub("", text)))
    for mark, long in _MARKS.items():
        text = text.replace(mark, long)
    text = _ABOVE.sub(r"\1上方", _before(text))
    text = _WORD.sub(lambda word: _LONG.get(word[0], word[0]), text)
    return " ".join(_SHORT_CHINESE.sub(lambda short: _LONG_CHINESE[short[0]], text).split())
