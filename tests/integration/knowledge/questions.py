"""Passages of an invented shipyard's handbook, and questions with the passage that answers each: en, de, zh.

Some questions hold a code that only one passage has, some words that are misspelt, some only words near in spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tests.unit.retrieval.hashing_model import HashingModel

from orrery.inference.types import ModelRef, Usage

ENGLISH = (
    "Dry dock two is flooded on Mondays; the gates open at six in the morning.",
    "Pump P-208 drains the dry dock within four hours at full power.",
    "The gantry crane carries at most ninety tonnes; above that two cranes lift together.",
    "Welders change the shielding gas when the gauge shows less than twenty bar.",
    "Error E-4711 on the plasma cutter means that the torch touched the plate.",
    "Error E-4712 on the plasma cutter means that the compressed air is too wet.",
    "Hull plates are stored upright so that rain water runs off.",
    "Paint of type Marlin-7 dries in nine hours at fifteen degrees.",
    "Visitors get a yellow helmet at the gatehouse and return it when they leave.",
    "Night shifts begin at ten and end at six; the canteen serves soup at two.",
    "A propeller is balanced on knife edges before it is mounted.",
    "The warranty of the rudder bearing ends after eighteen months.",
    "Invoices above ten thousand crowns need two signatures.",
    "Holidays are requested in the planner at least three weeks ahead.",
    "The anchor chain is tested link by link with ultrasound.",
    "Scrap copper goes into the blue container behind hall four.",
    "Fire drills take place on the first Friday of each quarter.",
    "The harbour pilot is called on radio channel twelve.",
    "Apprentices keep a notebook, which the foreman signs every week.",
    "Ballast tanks are washed with fresh water before inspectors enter.",
)
GERMAN = (
    "Der Schichtleiter öffnet morgens um fünf das Haupttor.",
    "Die Prüfnummer KX-93 steht auf jedem geschweißten Spant.",
    "Schutzbrillen liegen im Schrank neben der Drehbank.",
    "Das Kühlwasser der Fräse wird alle vierzehn Tage gewechselt.",
    "Gabelstapler dürfen nur mit gültigem Führerschein gefahren werden.",
    "Die Ankerwinde zieht zwölf Tonnen bei langsamer Fahrt.",
    "Überstunden werden bis zum Monatsende im Zeitkonto eingetragen.",
    "Lackreste gehören in den Sondermüll und nie in den Abfluss.",
    "Der Rettungswagen fährt über die Nordrampe auf das Gelände.",
    "Fehler F-17 am Kran bedeutet, dass der Wind zu stark ist.",
    "Fehler F-18 am Kran bedeutet, dass die Last pendelt.",
    "Zeichnungen werden im Archiv dreißig Jahre aufbewahrt.",
    "Die Kantine schließt um halb drei, freitags schon um eins.",
    "Schrauben der Festigkeit 10.9 werden mit Drehmomentschlüssel angezogen.",
    "Ein Probelauf der Maschine dauert mindestens acht Stunden.",
    "Reklamationen beantwortet der Kundendienst innerhalb von zwei Tagen.",
    "Die Schiffstaufe findet am Kai unter der Flagge der Werft statt.",
    "Das Lager bestellt Dichtungen, sobald weniger als fünfzig übrig sind.",
    "Gäste parken hinter dem Verwaltungsgebäude.",
    "Die Galvanik ist mittwochs wegen Wartung außer Betrieb.",
)
CHINESE = (
    "干船坞每个星期一早上六点放水。",
    "水泵编号P-310负责排干三号船坞。",
    "龙门起重机最多可以吊起九十吨。",
    "焊工进入车间前必须戴上防护面罩。",
    "错误代码C-2209表示切割机的冷却液不足。",
    "错误代码C-2210表示切割机的气压过低。",
    "钢板要竖直存放，以免积水生锈。",
    "油漆在十五度时需要九个小时才能干透。",
    "访客在门口领取黄色安全帽，离开时归还。",
    "夜班从晚上十点开始，食堂凌晨两点提供热汤。",
    "螺旋桨安装之前要做静平衡试验。",
    "舵轴承的保修期为十八个月。",
    "超过一万元的发票需要两个人签字。",
    "休假申请至少提前三个星期提交。",
    "锚链要用超声波逐环检查。",
    "废铜放进四号车间后面的蓝色箱子。",
    "每个季度的第一个星期五举行消防演习。",
    "引航员通过无线电十二频道联系。",
    "学徒每周写工作日志，由班长签字。",
    "检查人员进入压载舱之前要用淡水冲洗。",
)
PASSAGES = (*ENGLISH, *GERMAN, *CHINESE)

QUESTIONS: Sequence[tuple[str, str]] = (
    ("When is dry dock two flooded?", ENGLISH[0]),
    ("P-208", ENGLISH[1]),
    ("How many tonnes can the gantry crane carry?", ENGLISH[2]),
    ("What does E-4712 mean?", ENGLISH[5]),
    ("How long does Marlin-7 take to dry?", ENGLISH[7]),
    ("Where does scrap cooper go?", ENGLISH[15]),
    ("propelller balancing", ENGLISH[10]),
    ("waranty of the ruder bearing", ENGLISH[11]),
    ("On which radio channel is the pilot called?", ENGLISH[17]),
    ("Who signs the notebooks of apprentices?", ENGLISH[18]),
    ("Wo steht die Prüfnummer KX-93?", GERMAN[1]),
    ("Kühlwasser wechseln", GERMAN[3]),
    ("Wer darf Gabelstapler fahren?", GERMAN[4]),
    ("Fehler F-18", GERMAN[10]),
    ("Wie lange werden Zeichnungen aufbewahrt?", GERMAN[11]),
    ("Schraubn 10.9 anziehen", GERMAN[13]),
    ("Reklamtionen Kundendinst", GERMAN[15]),
    ("Wo findet die Schiffstaufe statt?", GERMAN[16]),
    ("Parkplatz für Gäste am Verwaltungsgebeude", GERMAN[18]),
    ("Wann ist die Galvanik außer Betrieb?", GERMAN[19]),
    ("星期一几点放水", CHINESE[0]),
    ("水泵P-310", CHINESE[1]),
    ("起重机能吊多少吨", CHINESE[2]),
    ("C-2210是什么错误", CHINESE[5]),
    ("油漆多久干透", CHINESE[7]),
    ("访客的安全帽", CHINESE[8]),
    ("保修期多长", CHINESE[11]),
    ("谁在发票上签字", CHINESE[12]),
    ("锚链怎么检查", CHINESE[14]),
    ("消防演习在什么时候", CHINESE[16]),
)


class SpellingModel(HashingModel):
    """Vectors of the pieces of two and three characters in a text: near for words that are spelt nearly alike."""

    def __init__(self) -> None:
        super().__init__(512)

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        return [self._numbers(text) for text in texts], Usage()

    def _numbers(self, text: str) -> list[float]:
        found = [0.0] * self.length
        plain = f"  {text.lower()} "
        for width in (2, 3):
            for start in range(len(plain) - width + 1):
                digest = sha256(plain[start : start + width].encode()).digest()
                found[int.from_bytes(digest[:4]) % self.length] += 1.0 if digest[4] & 1 else -1.0
        return found
