# ruff: noqa: E501 - lists of words
"""Words that say nearly the same in a question: "large" as "big", 何處 as 哪裡. One line is one meaning, with its name.

The reader votes on meanings beside words, so that it understands a word that no taught wording had. A word stands in
one line only; what a verdict names (defects, places) is no part of this, see `edge.questions.words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ENGLISH = """
GOOD: ok okay good fine alright acceptable flawless perfect satisfactory conforming compliant conform conforms great decent healthy sound intact
BAD: ng nok bad faulty defective nonconforming unacceptable unfit rubbish garbage
JUDGED: accepted passed approved rejected failed cleared refused declined flagged denied kicked greenlit qualified graded judged rated ruled classed
PASS: pass fail passes fails passing failing go nogo
VERDICT: verdict result results decision judgement judgment outcome status conclusion rating assessment ruling evaluation state
DISCARD: scrap scrapped discard discarded toss tossed trash trashed bin binned dump dumped throw thrown junk bins scrapping
REWORK: rework reworked recheck rechecked reinspect reinspected retest retested reworking salvage salvaged rescued reinspection
FORWARD: ship shipped release released deliver delivered sell sold use used usable forward shipping forwarded sellable shippable deliverable
HOLD: hold held quarantine quarantined keep kept retain block blocked segregate segregated isolate isolated pull pulled remove removed
ACT: handle proceed deal treat react act dispose handled treated
ADVICE: recommend suggest advise recommendation recommended suggestion suggested advice instruction instructions proposal disposition guidance recommendations suggestions action actions step steps measure measures procedure
LARGE: big large huge long wide broad tall small tiny little short narrow high sizeable bigger larger largest biggest longest widest smallest massive lengthy sizable minuscule
SIZE: size sizes dimension dimensions length width height extent diameter measurement measurements span breadth sizing footprint
UNIT: mm millimetre millimetres millimeter millimeters cm centimetre centimetres centimeters pixel pixels px micrometre micrometres inch inches micron microns
LOCATION: location position place coordinates coordinate whereabouts site region zone section quadrant located positioned situated portion vicinity locate localise localize pinpoint
NUMBER: number count total amount quantity sum tally counted counts totals quantities numbers figure
MANY: several multiple many numerous plenty few couple
KIND: kind type sort class category label name classification kinds types sorts classes labelled named called categorised classified nature variety
SERIOUS: nasty awful terrible heavy light serious severe critical grave major minor slight harmless negligible alarming significant cosmetic superficial trivial moderate worrying dramatic insignificant mild benign
SEVERITY: severity seriousness gravity degree criticality
FIND: find found see seen saw detect detected detects notice noticed discover discovered observe observed recognise recognised recognize sees finds spotted picked caught catch detection
THERE: visible present noticeable evident apparent exist exists existing
INSPECTION: system camera model ai inspection software vision algorithm detector computer network inspector check scan
IT: it this that these those they them
WHY: why reason reasons grounds ground
SHOW: show tell give say indicate highlight circle mention inform
CAUSE: cause caused causes causing source origin root responsible blame fault
WHEN: today yesterday tomorrow week weeks month months shift shifts hour hours morning night monday tuesday wednesday thursday friday saturday sunday year years tonight lately daily weekly noon afternoon evening o'clock recently minutes minute
PERSON: boss manager supervisor operator worker engineer customer client supplier colleague maintenance auditor foreman leader technician management team staff people customers suppliers operators workers vendor
EQUIPMENT: machine conveyor belt drill tool gripper robot press furnace lamp lens spindle mould mold die fixture printer forklift machines tools line lathe oven chuck bearing motor pump plc sensor screen monitor
PROPERTY: material steel alloy aluminium aluminum colour color weight hardness temperature speed price cost thickness depth deep hot thick rough roughness torque pressure old expensive fast warm cold hard soft strength age heavy costs
FIX: fix repair polish grind wash clean avoid prevent weld paint buff sand wipe fixed repaired polished cleaned prevented avoided straighten cure reduce eliminate
RULE: tolerance standard spec specification limit requirement drawing allowed permitted tolerated criteria norm tolerances standards specs limits iso
COMMAND: stop start restart reboot reset delete print save send export open close change set make ignore forget pretend override write translate call email turn switch
STATISTIC: yield rate throughput output statistics trend history efficiency oee uptime downtime average percentage
BATCH: batch lot order pallet box boxes lots batches orders shipment delivery
SAME: same identical alike similar equal like resemble match unchanged
DIFFERENT: different difference differ differs changed differences deviation distinguish distinguishes differing
BETTER: better worse improved improvement improving worsened
COMPARED: compared compare comparison versus vs against relative comparing contrast
"""
_CHINESE = """
好: ok OK 良品 合格 好的 通過 過關 及格 沒問題 正常 良好 pass 好件 良件 允收
壞: ng NG 不良品 不合格 不良 壞的 不通過 沒過 不過 fail 不行 不OK 不ok 壞件 異常品 拒收
過: 過 有過 過了 能過
判定: 燈號 判定 結果 判斷 結論 狀態 判決 裁決 result status verdict judge 評定 判
丟: 打槍 踢掉 紅箱 報廢 丟掉 丟 scrap 剔除 打掉 廢棄 汰除 淘汰 報銷 挑掉 刷掉
修: 重工 返工 返修 rework 複檢 複判 重檢 recheck 重驗 再驗 送修
放: 放行 出貨 ship 入庫 交貨 使用 用 留用 特採 賣 流出去 release 出
留: 扣著 攔下 保留 留下 留 隔離 hold 暫停 扣住 扣留 擋下 擋下來 暫存 拿掉 挑出來 拿下來
處理: 怎麼搞 後續 處理 處置 怎麼辦 怎辦 怎麼弄 咋辦 處分 應對 對策 因應 下一步 接下來
建議: 建議 指示 意見 推薦 advise recommend suggest
大: 多大 多長 多寬 多高 大 小 長 寬 高 細 短 巨大 微小 大不大 長不長
尺寸: 尺寸 大小 長度 寬度 高度 面積 長寬 範圍 直徑 size dimension length width area 規模 尺碼 長短
單位: 公厘 毫米 公分 像素 mm cm px pixel pixels 公釐 微米 厘米 um
哪裡: 哪裡 哪邊 哪 何處 哪兒 什麼地方 哪個地方 什麼位置 哪個位置 哪一邊 哪一側 哪側 哪區 哪一區 哪一塊 哪個角 哪個角落 哪個部位 什麼部位 where 哪一處 哪一面 哪一頭 哪個方向 哪個方位 哪個區域
位置: 位置 座標 地點 方位 所在 location position 部位 地方 區域 落點 所在地
幾: 幾 多少 幾個 幾處 幾條 幾道 幾點 幾塊 幾顆 多少個 多少處 多少條 幾項 幾枚 幾筆
數: 數量 數目 總數 個數 處數 條數 qty count total number 數 算 統計 計數 總量 點數
共: 總共 一共 共 合計 總計 全部 加起來 共計 統共 全部加起來
什麼: 蝦米 啥咪 什麼 啥 何 what 甚麼 什麼樣
哪種: 哪款 哪種 哪一種 何種 哪類 哪一類 哪項 哪一項 which
種類: 種類 類型 類別 類 名稱 名字 type class 分類 代碼 代號 項目 kind 稱呼
為什麼: 為什麼 為何 為啥 怎麼會 憑什麼 因為什麼 why 理由 原因 幹嘛
嚴重: 大條 誇張 嚴重 嚴不嚴重 輕微 要緊 糟 糟糕 重大 致命 明顯 serious severe major minor critical 嚴峻 厲害 慘 輕
程度: 嚴重程度 嚴重度 嚴重性 程度 等級 severity level 級別 嚴重等級
擔心: 擔心 緊張 在意 注意 煩惱 操心
看到: 看到 看見 發現 檢出 偵測到 抓到 找到 測到 檢到 看得到 看得出 檢查到 detect find 查到 照到 拍到 偵測 檢測到 辨識到 瞧見
有沒有: 有沒有 有無 是否有 是不是有 會不會有 可有 有 存在 出現 帶有 沒有 沒 無
系統: 系統 模型 AI ai 機器 相機 電腦 檢測 影像 model system camera 檢驗 視覺 演算法
看: 看 檢查 確認 查 check 檢視 瞧 查看 瞄
標: 標 框 圈 指 標出 圈出 指出 show mark 標示 標記 顯示
怎樣: 如何 怎樣 怎麼樣 怎麼 how 咋樣
它: 這件 這個 這 那個 那 它 這片 這顆 此件 這樣 這種
成因: 造成 導致 成因 真因 來源 引起 產生 怎麼來 root cause 弄的 害的 肇因
時間: 今天 昨天 明天 上週 這週 上個月 這個月 什麼時候 何時 夜班 早班 這班 星期 小時 today yesterday 剛上班 下班 大夜 凌晨 下午 中午 早上 晚上 最近
人: 誰 主管 老闆 客戶 品保 作業員 領班 供應商 班長 廠長 工程師 同事 boss 組長 課長 經理 技術員 業務 採購
設備: 機台 鑽頭 刀具 輸送帶 夾爪 手臂 模具 治具 燈 鏡頭 皮帶 爐子 主軸 印表機 產線 沖床 車床 馬達 感測器 螢幕
性質: 材質 顏色 重量 硬度 溫度 深度 厚度 多深 多重 多厚 速度 價格 成本 多少錢 粗糙度 強度 深 重 厚 燙 壓力 轉速
修復: 修復 拋光 研磨 擦掉 洗掉 補漆 焊 磨掉 清潔 預防 避免 改善 修好 去除 清除 修理 打磨 杜絕
規定: 規格 公差 標準 允許 容許 圖面 規範 spec 允收標準 法規 上限 規定
命令: 停線 重開 重啟 刪除 刪掉 列印 存檔 打開 關掉 改成 忽略 略過 寄 匯出 翻譯 寫 叫 放大 設成 取消
統計: 良率 不良率 報廢率 稼動率 產量 節拍 產能 目標 趨勢 yield 達成率 效率
批: 批 整批 批號 工單 料號 訂單 序號 lot batch 箱 棧板
一樣: 一樣 相同 同樣 same 同 類似 差不多 雷同
不同: 不同 差別 差異 不一樣 變化 差在哪 有差 diff difference 改變 兩樣
比: 比 比較 相比 對照 比起來 vs compare 對比 比對 相較
"""
# What no verdict speaks of, whatever is asked about it.
_NO_VERDICTS = """
CAUSE WHEN PERSON EQUIPMENT PROPERTY FIX RULE COMMAND STATISTIC BATCH
<成因> <時間> <人> <設備> <性質> <修復> <規定> <命令> <統計> <批>
"""
# What may be left out of an English question without changing what is asked.
_LEFT_OUT = """
a an the is are was were be been being am do does did has have had got of on in at to for with from by any some please
me us i you we u there here can could would should will shall may might and or so just then now
"""


def _meanings(text: str) -> Mapping[str, str]:
    rows = (line.split(": ", 1) for line in text.strip().splitlines())
    return {word: name for name, words in rows for word in words.lower().split()}


_OF_ENGLISH = _meanings(_ENGLISH)
_OF_CHINESE = _meanings(_CHINESE)
_LONGEST_FIRST = "|".join(re.escape(word) for word in sorted(_OF_CHINESE, key=len, reverse=True) if not word.isascii())
_OUTSIDE = frozenset(_NO_VERDICTS.split())
_SMALL = frozenset(_LEFT_OUT.split())
_CHINESE_TOKEN = re.compile(rf"[a-z0-9]+|{_LONGEST_FIRST}|\S")


def english_words() -> tuple[str, ...]:
    """Every English word that stands in a line."""
    return tuple(_OF_ENGLISH)


def of_english(words: list[str]) -> list[str]:
    """Each word's meaning; a word that stands in no line is its own."""
    return [_OF_ENGLISH.get(word, word) for word in words]


def without_small_words(words: list[str]) -> list[str]:
    """English words without those that may be left out; all of them where nothing else is said."""
    return [word for word in words if word not in _SMALL] or words


def outside(meanings: list[str]) -> list[str]:
    """Of these meanings, those of which no verdict speaks."""
    return [meaning for meaning in meanings if meaning in _OUTSIDE]


def of_chinese(cleaned: str) -> list[str]:
    """The meanings of a Chinese text's words, as `<NAME>`, and each character of what stands in no line."""
    tokens = _CHINESE_TOKEN.findall(cleaned)
    return [f"<{_OF_CHINESE[token]}>" if token in _OF_CHINESE else token for token in tokens]
