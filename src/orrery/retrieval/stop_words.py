"""Words that say nothing about what a passage is about, in English and Chinese, and characters that no word begins."""

from __future__ import annotations

_ENGLISH = """
a about above after again against all almost also although always am among an and another any anybody anyone anything
are around as at away back be became because become been before behind being below beside between both but by came can
cannot come could did do does doing done down during each either else enough even ever every everyone everything few
first for from further gave get gets give given go goes going gone got had has have having he her here hers herself
him himself his how however i if in indeed into is it its itself just keep kept last least less let like made make
makes many may me might mine more most much must my myself near need neither never next no nobody none nor not nothing
now of off often on once one only onto or other others our ours ourselves out over own per perhaps please put quite
rather really said same saw say says see seem seen several shall she should since so some somebody someone something
soon still such take taken than that the their theirs them themselves then there therefore these they thing things
this those though three through thus to together too toward two under unless until up upon us use used uses using very
via want was way we well went were what whatever when where whether which while who whoever whole whom whose why will
with within without would yes yet you your yours yourself yourselves isn aren wasn weren don doesn didn won wouldn
couldn shouldn hasn haven hadn ll ve re
"""
_CHINESE = """
一个 一些 一下 一样 一种 一定 一般 一直 一切 一起 一旦 上面 下面 不仅 不会 不但 不同 不可 不如 不是 不是吗 不能 不过 不要 与其 且是 两个 个人 为了 为什 什么 么是 主要
也是 也许 之一 之前 之后 之间 也不 于是 人们 今天 从而 他们 以上 以下 以及 以后 以来 以为 任何 但是 何时 作为 你们 使得 使用 依照 便是 倘若 其中 其他 其它 其实 其次
具有 再者 凡是 几乎 凭借 出来 分别 别的 别人 到底 前者 即使 却是 原来 又是 及其 只是 只有 只要 可以 可能 可是 各种 各个 各自 同时 后者 向着 否则 吗是 和其 咱们 哪个
哪些 哪儿 哪里 哪怕 因为 因此 因而 在于 多么 多少 大家 如下 如何 如果 如此 它们 宁可 宁愿 对于 对方 对比 尔后 尽管 就是 已经 并且 并不 并非 当然 当时 应该 开始 彼此
得到 怎么 怎样 总之 总的 您们 我们 或是 或者 所以 所有 所谓 才能 按照 据此 接着 故此 无论 是不 是否 是的 时候 显然 曾经 有些 有关 有的 有时 本身 来说 来自 某个 某些
根据 此外 此时 正如 此后 每个 比如 比方 没有 沿着 然后 然而 照着 特别 现在 由于 由此 的话 直到 相对 省得 看到 着呢 真是 离开 究竟 第一 等等 紧接 经过 结果 给予 继续
综上 罢了 而且 而是 而言 能够 自己 自从 至于 若是 若非 虽然 虽说 要是 要不 要么 觉得 让我 许多 认为 譬如 起来 趁着 越是 跟着 较之 还是 还有 这个 这么 这些 这儿 这样
这边 这里 进行 通过 遵循 那个 那么 那些 那儿 那样 那边 那里 部分 鉴于 随着 随后 除了 除非 非常 需要 首先 默默
"""

ENGLISH = frozenset(_ENGLISH.split())
CHINESE = frozenset(_CHINESE.split())
CHINESE_PARTICLES = frozenset("的了吗呢吧啊呀嘛着们很这那哪")
"""A pair of characters with one of these is hardly ever a word."""
