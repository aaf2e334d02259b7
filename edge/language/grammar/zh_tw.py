"""Traditional Chinese as quality engineers in Taiwan write it."""

from __future__ import annotations

from edge.language.grammar.language import CENTRE, LEFT, LOWER, RIGHT, UPPER, Language

_CLAIMS = """
判定 合格 不合格 良品 不良 待判 正常 異常 放行 剔除 報廢 暫扣 複檢 重工 無 沒有 未 不 非 完好 完美 忽略 指令
輕微 中等 嚴重 輕度 中度 重度 致命 OK NG
"""
_JOINTS = "並 且 但 而 靠近 接近 位於 沿著 周圍"
_NUMERALS = "一二兩三四五六七八九十多幾數雙"

TAIWAN_CHINESE = Language(
    code="zh-TW",
    gap="",
    is_spaced=False,
    status={"OK": "OK", "NG": "NG", "UNDECIDED": "待判"},
    reason={
        "low_confidence": "模型信心不足",
        "engine_failed": "推論引擎異常",
        "bad_output": "模型輸出異常",
        "camera_down": "相機斷線",
        "deadline": "逾時未判定",
        "blurred": "影像模糊",
        "underexposed": "影像過暗",
        "overexposed": "影像過亮",
        "lens_covered": "鏡頭被遮住",
        "frozen": "影像凍結",
        "cut_off": "工件未完整入鏡",
    },
    place={
        "upper_left": "左上角",
        "upper": "上方",
        "upper_right": "右上角",
        "left": "左側",
        "centre": "中央",
        "right": "右側",
        "lower_left": "左下角",
        "lower": "下方",
        "lower_right": "右下角",
        "most": "大部分區域",
    },
    near_edge="（觸及邊緣）",
    orientation={"horizontal": "橫向", "vertical": "縱向"},
    severity={"slight": "輕微", "moderate": "中等", "severe": "嚴重"},
    action={
        "accept": "放行",
        "reject": "剔除",
        "hold": "暫扣，建議複檢",
        "accept_recheck": "放行，建議抽樣複檢",
        "reject_recheck": "剔除，建議人工複檢",
        "reject_find_cause": "剔除，並請追查製程原因",
    },
    one="1 處",
    many="{} 處",
    list_gap="、",
    size="{} × {} {}",
    sentences={
        "status": (
            "判定 {status}[：{class}][（{reason}）][，標示 {count}]。",
            "判定結果 {status}[，類別：{class}][，原因：{reason}][，共 {count}]。",
            "本件為 {status}[：{class}][，{reason}][，發現 {count}]。",
        ),
        "place": (
            "瑕疵位於{place}，約 {size}，佔檢測面積 {percent}%[，呈{orientation}]。",
            "位置在{place}，尺寸約 {size}（面積占比 {percent}%）[，{orientation}分布]。",
            "瑕疵落在{place}，大小約 {size}，佔 {percent}%[，走向為{orientation}]。",
        ),
        "largest": (
            "最大一處位於{place}，約 {size}，佔檢測面積 {percent}%[，呈{orientation}]。",
            "主要瑕疵在{place}，尺寸約 {size}（面積占比 {percent}%）[，{orientation}分布]。",
            "面積最大者落在{place}，大小約 {size}，佔 {percent}%[，走向為{orientation}]。",
        ),
        "others": ("其餘位於{others}。", "另見於{others}。", "其他位置：{others}。"),
        "severity": ("嚴重程度：{severity}。", "依面積評估為{severity}。", "損傷程度{severity}。"),
        "doubt": (
            "模型信心偏低（{confidence}%），請留意。",
            "信心度僅 {confidence}%，判定僅供參考。",
            "此判定信心偏低，僅 {confidence}%。",
        ),
        "action": ("處置：{action}。", "建議處置：{action}。", "後續請{action}。"),
    },
    places_named={
        "左": LEFT,
        "右": RIGHT,
        "上方": UPPER,
        "左上": frozenset({"upper_left"}),
        "右上": frozenset({"upper_right"}),
        "下方": LOWER,
        "左下": frozenset({"lower_left"}),
        "右下": frozenset({"lower_right"}),
        "中央": CENTRE,
        "中間": CENTRE,
        "中心": CENTRE,
    },
    claims=frozenset(_CLAIMS.split()),
    numerals=frozenset(_NUMERALS),
    joints=frozenset(_JOINTS.split()),
)
