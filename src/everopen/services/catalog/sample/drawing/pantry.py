"""Things for the larder, the bathroom, the children and the animals."""

from everopen.services.catalog.sample.drawing.canvas import FLOOR, Canvas, Paint, dark, light, mix

PAPER = "#fbf6ea"
WOOD = "#d3a873"


def _label(c: Canvas, p: Paint, x: float, y: float, w: float, h: float) -> None:
    c.rect(x, y, w, h, PAPER, 5)
    c.rect(x + w * 0.12, y + h * 0.16, w * 0.76, h * 0.2, p.main, 3)
    c.line(
        f"M{x + w * 0.2} {y + h * 0.54}h{w * 0.6}M{x + w * 0.28} {y + h * 0.72}h{w * 0.44}",
        dark(p.accent, 0.25),
        5,
    )


def coffee_bag(c: Canvas, p: Paint) -> None:
    c.shadow(300, 260)
    c.path("M190 150h220l12 40 -4 284q-2 12 -14 12h-208q-12 0 -14 -12l-4 -284z", c.across(p.main))
    c.path("M190 150h220l-6 -34h-208z", c.across(dark(p.main, 0.15)))
    c.line("M186 176h228", dark(p.main, 0.3), 4, 'opacity=".6"')
    c.circle(300, 214, 9, dark(p.main, 0.35))
    _label(c, p, 214, 256, 172, 150)
    c.begin("rotate(-28 420 462)")
    for x in (420, 462):
        c.ellipse(x, 470, 24, 16, c.ball("#5a3420"))
        c.line(f"M{x - 18} 470q18 -8 36 0", "#341c10", 4)
    c.end()


def tea_tin(c: Canvas, p: Paint) -> None:
    c.shadow(300, 230)
    c.rect(202, 214, 196, 272, c.across(p.main), 12)
    c.rect(194, 168, 212, 66, c.across(p.accent if p.style % 2 else dark(p.main, 0.2)), 14)
    c.ellipse(300, 170, 106, 14, light(p.accent, 0.3) if p.style % 2 else light(p.main, 0.1))
    _label(c, p, 226, 276, 148, 140)
    c.line("M222 250v210", "#ffffff", 8, 'opacity=".3"')


def chocolate(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300, 480)
    c.begin("rotate(7 300 300)")
    c.rect(196, 84, 208, 130, c.down("#5b3420"), 8)
    for x in (204, 270, 336):
        for y in (92, 152):
            c.rect(x, y, 60, 54, c.down("#6f432a"), 6)
    c.path(
        "M190 190l22 -14 20 14 22 -14 20 14 22 -14 20 14 22 -14 20 14 22 -14 20 14 10 -6v290h-220z",
        c.across(p.main),
    )
    c.path("M190 420h220v58h-220z", dark(p.main, 0.16))
    _label(c, p, 222, 252, 156, 128)
    c.end()


def preserve(c: Canvas, p: Paint) -> None:
    c.shadow(300, 220)
    c.rect(200, 226, 200, 260, light(p.main, 0.5), 30, 'opacity=".8"')
    c.rect(210, 250, 180, 228, c.across(p.main), 24)
    c.rect(204, 168, 192, 60, c.across(p.accent), 10)
    c.line("".join(f"M{x} 174v48" for x in range(216, 390, 12)), dark(p.accent, 0.2), 3, 'opacity=".6"')
    _label(c, p, 226, 300, 148, 120)
    c.line("M222 262v200", "#ffffff", 9, 'opacity=".4"')


def oil(c: Canvas, p: Paint) -> None:
    c.shadow(300, 160)
    c.rect(276, 84, 48, 44, c.across(dark(p.accent, 0.3)), 6)
    c.path(
        "M278 124h44v60q0 26 34 56q16 16 16 44v182q0 20 -20"
        " 20h-104q-20 0 -20 -20v-182q0 -28 16 -44q34 -30 34 -56z",
        c.across(p.main),
    )
    _label(c, p, 236, 306, 128, 130)
    c.line("M244 280v180", "#ffffff", 8, 'opacity=".35"')


def soap(c: Canvas, p: Paint) -> None:
    c.shadow(300, 380)
    c.rect(130, 390, 330, 96, c.down(p.main, 0.3), 34)
    c.rect(150, 312, 300, 92, c.down(p.accent, 0.3), 34)
    c.rect(240, 312, 120, 174, PAPER)
    c.rect(254, 340, 92, 16, p.main, 4)
    c.line("M262 380h76M272 402h56M262 440h76", dark(p.accent, 0.3), 5)
    dice = p.scatter()
    for _ in range(9):
        r = dice.randint(8, 24)
        c.circle(dice.randint(110, 490), dice.randint(170, 290), r, "#ffffff", 'opacity=".65"')


def pump_bottle(c: Canvas, p: Paint) -> None:
    c.shadow(300, 190)
    c.path("M254 92h96q10 0 10 10v10h-46v40h-28v-40h-32z", dark(p.accent, 0.35))
    c.rect(266, 150, 68, 46, c.across(dark(p.accent, 0.25)), 8)
    c.rect(214, 194, 172, 292, c.across(p.main), 34 if p.style % 2 else 12)
    _label(c, p, 234, 266, 132, 150)
    c.line("M232 230v220", "#ffffff", 8, 'opacity=".3"')


def cream(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    c.rect(170, 330, 260, 156, c.across(p.main), 30)
    c.rect(160, 262, 280, 78, c.across(light(p.accent, 0.3) if p.style % 2 else WOOD), 16)
    c.ellipse(300, 266, 138, 18, light(p.accent, 0.5) if p.style % 2 else light(WOOD, 0.3))
    _label(c, p, 226, 366, 148, 92)


def blocks(c: Canvas, p: Paint) -> None:
    c.shadow(300, 400)
    tones = (p.main, p.accent, "#e8c468", "#7fa38f", WOOD)
    spots = ((120, 366), (240, 366), (360, 366), (180, 246), (300, 246), (240, 126))
    for n, (x, y) in enumerate(spots):
        colour = tones[(n + p.style) % 5]
        c.rect(x, y, 118, 118, c.down(colour), 10)
        c.rect(x + 12, y + 12, 94, 94, light(colour, 0.3), 8, 'opacity=".7"')
        mark = (n + p.style) % 3
        if mark == 0:
            c.circle(x + 59, y + 59, 26, dark(colour, 0.25))
        elif mark == 1:
            c.path(f"M{x + 59} {y + 30}l30 54h-60z", dark(colour, 0.25))
        else:
            c.rect(x + 34, y + 34, 50, 50, dark(colour, 0.25), 6)


def toy_vehicle(c: Canvas, p: Paint) -> None:
    wheels: tuple[tuple[int, int], ...]
    c.shadow(300, 440)
    if p.style % 2:
        c.rect(110, 330, 360, 90, c.down(p.main), 16)
        c.rect(120, 190, 140, 150, c.down(p.accent), 14)
        c.rect(142, 214, 96, 70, "#eef4f5", 10)
        c.path("M264 334v-60q0 -16 16 -16h130q50 0 60 76z", c.across(p.main))
        c.path("M384 190h56l-12 72h-32z", c.down("#e8c468"))
        wheels = ((170, 54), (300, 42), (416, 42))
    else:
        c.path(
            "M90 420v-70q4 -34 40 -38l70 -10 60 -78q10 -14 30 -14h90q26 0 44 26l46 66q60 8 70 48v70z",
            c.down(p.main),
        )
        c.path("M262 300l44 -62q6 -8 18 -8h12v70zM350 230h34q14 0 24 14l36 56h-94z", "#e9f2f4")
        c.rect(84, 372, 436, 20, p.accent)
        wheels = ((186, 56), (420, 56))
    for x, r in wheels:
        c.circle(x, FLOOR - r, r, dark(WOOD, 0.5))
        c.circle(x, FLOOR - r, r * 0.66, c.ball(WOOD))
        c.circle(x, FLOOR - r, r * 0.2, p.accent)


def bear(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    pale = light(p.main, 0.45)
    for x in (206, 394):
        c.circle(x, 136, 44, c.ball(p.main))
        c.circle(x, 138, 24, pale)
        c.ellipse(x + (300 - x) * 0.06, 450, 62, 44, c.ball(p.main))
        c.ellipse(x + (300 - x) * 0.06, 456, 34, 24, pale)
        c.ellipse(
            x - (300 - x) * 0.3,
            336,
            38,
            70,
            c.ball(dark(p.main, 0.05)),
            f'transform="rotate({(x - 300) // -4} {x} 336)"',
        )
    c.ellipse(300, 370, 116, 112, c.ball(p.main))
    c.ellipse(300, 386, 70, 74, pale)
    c.circle(300, 204, 112, c.ball(p.main))
    c.ellipse(300, 240, 52, 42, pale)
    c.ellipse(300, 222, 19, 14, "#3a2a22")
    c.line("M300 236v18q-16 16 -28 6M300 254q16 16 28 6", "#3a2a22", 5)
    for x in (258, 342):
        c.circle(x, 188, 11, "#3a2a22")
        c.circle(x + 3, 184, 3.5, "#ffffff")
    c.path("M300 306l-58 -28v56zM300 306l58 -28v56z", p.accent)
    c.circle(300, 306, 14, dark(p.accent, 0.15))


def rings(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    c.rect(290, 110, 20, 360, WOOD, 10)
    tones = (p.main, p.accent, light(p.main, 0.4), light(p.accent, 0.4), dark(p.main, 0.2))
    for n, w in enumerate((280, 244, 208, 172, 136)):
        c.rect(300 - w / 2, 414 - n * 60, w, 56, c.across(tones[(n + p.style) % 5]), 28)
    c.circle(300, 132, 32, c.ball("#e8c468"))
    c.rect(170, 468, 260, 18, c.across(WOOD), 8)


def puzzle(c: Canvas, p: Paint) -> None:
    c.shadow(300, 420)
    c.path("M110 190l40 -44h340l-40 44z", light(p.main, 0.4))
    c.path("M450 190l40 -44v270l-40 70z", dark(p.main, 0.3))
    c.rect(110, 190, 340, 296, c.down(p.main))
    c.rect(134, 214, 292, 190, light(p.accent, 0.55), 6)
    c.begin(clip="M134 214h292v190h-292z")
    if p.style % 2:
        c.circle(360, 270, 34, "#f3cf6b")
        c.path("M120 420l90 -140 60 80 50 -60 120 130z", dark(p.main, 0.15))
        c.path("M120 420q150 -60 320 -10v30h-320z", p.accent)
    else:
        for n, (x, y) in enumerate(((180, 260), (260, 330), (340, 256), (390, 350), (190, 360))):
            c.circle(x, y, 36, (p.main, p.accent, "#f3cf6b")[n % 3])
    c.line("M207 214v190M280 214v190M353 214v190M134 277h292M134 340h292", "#ffffff", 3, 'opacity=".8"')
    c.end()
    c.rect(134, 422, 200, 20, PAPER, 4)
    c.rect(134, 450, 120, 14, light(p.main, 0.5), 4)


def kite(c: Canvas, p: Paint) -> None:
    c.path("M300 70l140 150 -140 210 -140 -210z", c.down(p.main))
    c.path("M300 70l140 150h-140z", p.accent)
    c.path("M300 220h-140l140 210z", light(p.main, 0.3))
    c.line("M300 70v360M160 220h280", dark(p.main, 0.4), 4)
    c.line("M300 430c-60 40 60 60 0 100s-30 40 10 50", dark(p.main, 0.2), 4)
    for x, y in ((286, 462), (308, 506), (292, 546)):
        c.path(f"M{x} {y}l-26 -14v28zM{x} {y}l26 -14v28z", p.accent)


def pet_bowl(c: Canvas, p: Paint) -> None:
    c.shadow(300, 400)
    c.path("M150 360h300l50 110q4 16 -16 16h-368q-20 0 -16 -16z", c.across(p.main))
    c.ellipse(300, 360, 152, 34, light(p.main, 0.3))
    c.ellipse(300, 364, 132, 25, dark(p.main, 0.4))
    if p.style % 2:
        c.ellipse(300, 366, 118, 19, "#9fc4d6")
    else:
        dice = p.scatter()
        for _ in range(40):
            c.ellipse(
                300 + dice.randint(-100, 100),
                360 + dice.randint(-12, 8),
                13,
                9,
                mix("#8a5a35", "#c08a55", dice.random()),
            )
    c.path("M270 440a30 24 0 1 0 60 0 26 26 0 0 0 -60 0z", p.accent)
    for x, y in ((264, 416), (288, 402), (312, 402), (336, 416)):
        c.ellipse(x, y, 9, 12, p.accent)


def collar(c: Canvas, p: Paint) -> None:
    c.shadow(300, 340, 470)
    c.ellipse(300, 320, 170, 120, "none", f'stroke="{dark(p.main, 0.2)}" stroke-width="44"')
    c.ellipse(300, 312, 170, 120, "none", f'stroke="{p.main}" stroke-width="40"')
    c.ellipse(
        300,
        312,
        170,
        120,
        "none",
        f'stroke="{light(p.accent, 0.2)}" stroke-width="4" stroke-dasharray="10 8"',
    )
    c.rect(258, 166, 84, 52, c.down("#b9bec4"), 10)
    c.rect(278, 178, 44, 28, p.main, 4)
    c.circle(300, 470, 12, "none", 'stroke="#b9bec4" stroke-width="7"')
    c.circle(300, 506, 30, c.ball("#c79b4b" if p.style % 2 else "#c8cdd2"))
    c.circle(300, 506, 8, p.main)


def pet_bed(c: Canvas, p: Paint) -> None:
    c.shadow(300, 480)
    c.ellipse(300, 372, 230, 110, c.across(dark(p.main, 0.1)))
    c.ellipse(300, 346, 228, 96, c.down(p.main, 0.3))
    c.ellipse(300, 352, 160, 58, dark(p.accent, 0.15))
    c.ellipse(300, 362, 156, 52, c.down(p.accent if p.style % 2 else light(p.accent, 0.4)))
    c.line("M110 400q40 60 110 76M490 400q-40 60 -110 76", dark(p.main, 0.3), 4, 'opacity=".5"')
    c.circle(300, 360, 9, dark(p.accent, 0.25))
