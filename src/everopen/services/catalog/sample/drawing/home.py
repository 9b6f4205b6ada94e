"""Things that make a home."""

from everopen.services.catalog.sample.drawing.canvas import FLOOR, Canvas, Paint, dark, light, mix

BRASS = "#c79b4b"
WOOD = "#b98a5a"
LEAF = "#5f8a5a"


def table_lamp(c: Canvas, p: Paint) -> None:
    c.shadow(300, 190)
    c.glow(300, 250, 280)
    if p.style % 2:
        c.path(
            "M300 280c-70 20 -92 80 -84 130q8 60 50 76h68q42 -16 50 -76c8 -50 -14 -110 -84 -130z",
            c.ball(p.main),
        )
    else:
        c.rect(291, 280, 18, 190, c.across(BRASS))
        c.path("M216 486q2 -22 36 -26h96q34 4 36 26z", c.across(p.main))
    c.path("M222 110h156l52 176h-260z", c.across(mix(p.accent, "#fff4dd", 0.62)))
    c.ellipse(300, 286, 130, 16, light(p.accent, 0.75))
    c.ellipse(300, 110, 78, 9, dark(p.accent, 0.1), 'opacity=".5"')


def pendant(c: Canvas, p: Paint) -> None:
    c.line("M300 0v190", dark(p.main, 0.5), 5)
    c.glow(300, 390, 250)
    c.rect(282, 180, 36, 40, c.across(BRASS), 8)
    if p.style % 2:
        c.path("M150 372c4 -110 70 -160 150 -160s146 50 150 160z", c.across(p.main))
        c.ellipse(300, 372, 150, 24, light(p.accent, 0.5))
    else:
        c.path("M284 216h32l130 150h-292z", c.across(p.main))
        c.ellipse(300, 366, 146, 22, light(p.accent, 0.5))
    c.ellipse(300, 378, 44, 22, "#fff8e0")


def candle(c: Canvas, p: Paint) -> None:
    c.shadow(300, 220)
    c.glow(300, 210, 190)
    if p.style % 2:
        c.rect(206, 276, 188, 210, light(p.main, 0.55), 18, 'opacity=".7"')
        c.rect(216, 312, 168, 166, c.across(p.main), 14)
    else:
        c.rect(206, 276, 188, 210, c.across(p.main), 18)
    c.ellipse(300, 280, 94, 17, light(p.main, 0.4))
    c.ellipse(300, 283, 82, 12, "#f8efdc")
    c.rect(246, 352, 108, 84, "#fbf7ef", 4)
    c.line("M268 376h64M276 394h48M284 412h32", dark(p.accent, 0.3), 4)
    c.line("M300 280v-34", "#4a3a30", 5)
    c.path("M300 168c34 44 28 80 0 84c-28 -4 -34 -40 0 -84z", "#f6b545")
    c.path("M300 202c16 24 14 44 0 48c-14 -4 -16 -24 0 -48z", "#fff1c2")


def vase(c: Canvas, p: Paint) -> None:
    c.shadow(300, 190)
    for dx, top, colour in (
        (-80, 90, p.accent),
        (-30, 50, light(p.accent, 0.35)),
        (40, 70, p.accent),
        (92, 120, light(p.accent, 0.2)),
    ):
        c.line(f"M300 290q{dx * 0.3:.0f} -80 {dx} {top - 290}", LEAF, 6)
        for n in range(5):
            c.begin(f"rotate({n * 72} {300 + dx} {top})")
            c.ellipse(300 + dx, top - 20, 13, 22, colour)
            c.end()
        c.circle(300 + dx, top, 10, "#f3cf6b")
    c.path(
        "M262 236h76q-8 60 34 110c40 60 8 140 -30 140h-84c-38 0 -70 -80 -30 -140q42 -50 34 -110z"
        if p.style % 2
        else "M250 250h100l22 200q2 36 -30 36h-84q-32 0 -30 -36z",
        c.across(p.main),
    )
    c.ellipse(300, 250 if p.style % 2 == 0 else 236, 50 if p.style % 2 == 0 else 38, 9, dark(p.main, 0.4))


def cushion(c: Canvas, p: Paint) -> None:
    c.shadow(300, 360, 470)
    body = (
        "M130 190q-12 -44 30 -34q140 24 280 0q42 -10 30 34q-24 120 0"
        " 240q12 44 -30 34q-140 -22 -280 0q-42 10 -30 -34q24 -120 0 -240z"
    )
    c.path(body, c.ball(p.main))
    c.begin(clip=body)
    kind = p.style % 4
    if kind == 1:
        c.line("".join(f"M{x} 120v400" for x in range(150, 470, 44)), p.accent, 10, 'opacity=".75"')
    elif kind == 2:
        c.line(
            "".join(f"M{x} 120l400 400M{x} 520l400 -400" for x in range(-260, 500, 70)),
            p.accent,
            5,
            'opacity=".7"',
        )
    elif kind == 3:
        for y in range(180, 480, 60):
            for x in range(160 + (y // 60 % 2) * 30, 480, 60):
                c.circle(x, y, 11, p.accent, 'opacity=".8"')
    c.end()
    c.line(body, dark(p.main, 0.22), 4, 'opacity=".6"')


def throw(c: Canvas, p: Paint) -> None:
    c.shadow(300, 380)
    for n, y in enumerate((412, 344, 276)):
        c.rect(136, y, 328, 72, c.down(p.main if n % 2 == 0 else light(p.main, 0.1)), 34)
        if p.style % 2:
            c.rect(136 + 40, y, 26, 72, p.accent, 0, 'opacity=".7"')
            c.rect(136 + 80, y, 10, 72, p.accent, 0, 'opacity=".7"')
    c.path("M330 262c60 0 96 10 96 40v150h-130v-150c0 -26 10 -40 34 -40z", c.down(light(p.main, 0.14)))
    c.line("".join(f"M{x} 452v{26 + x % 3 * 3}" for x in range(302, 426, 13)), light(p.main, 0.3), 5)
    if p.style % 2:
        c.line("M296 420h130M296 400h130", p.accent, 7, 'opacity=".8"')


def rug(c: Canvas, p: Paint) -> None:
    if p.style % 2:
        c.shadow(300, 500, 420, 0.2)
        for r, colour in (
            (250, dark(p.main, 0.15)),
            (240, p.main),
            (196, p.accent),
            (180, light(p.main, 0.25)),
            (110, p.main),
            (92, p.accent),
            (44, p.main),
        ):
            c.ellipse(300, 360, r, r * 0.46, colour)
        return
    c.path("M150 240h300l90 220h-480z", dark(p.main, 0.2))
    c.path("M150 232h300l90 220h-480z", c.down(p.main))
    c.path("M168 250h264l72 184h-408z", p.accent, 'opacity=".85"')
    c.path("M180 262h240l62 160h-364z", light(p.main, 0.2))
    for x, y, s in ((300, 342, 54), (210, 342, 30), (390, 342, 30)):
        c.path(f"M{x} {y - s}l{s * 1.1:.0f} {s}l{-s * 1.1:.0f} {s}l{-s * 1.1:.0f} {-s}z", p.main)
        c.path(
            f"M{x} {y - s * 0.5:.0f}l{s * 0.55:.0f} {s * 0.5:.0f}l{-s * 0.55:.0f}"
            f" {s * 0.5:.0f}l{-s * 0.55:.0f} {-s * 0.5:.0f}z",
            p.accent,
        )
    c.line("".join(f"M{x} 456v18" for x in range(68, 540, 14)), light(p.main, 0.5), 4)


def planter(c: Canvas, p: Paint) -> None:
    c.shadow(300, 220)
    dice = p.scatter()
    if p.style % 2:
        for angle in (-58, -34, -12, 12, 34, 58):
            c.begin(f"rotate({angle} 300 350)")
            c.path(
                "M300 350c-34 -80 -30 -180 0 -250c30 70 34 170 0 250z",
                c.across(mix(LEAF, "#2f5d43", dice.random() * 0.7)),
            )
            c.line("M300 340v-210", light(LEAF, 0.3), 3, 'opacity=".6"')
            c.end()
    else:
        for _ in range(26):
            x, y = dice.randint(180, 420), dice.randint(140, 320)
            c.line(f"M300 360Q{(x + 300) // 2} {y} {x} {y}", "#4d7350", 4)
            c.ellipse(
                x,
                y,
                dice.randint(22, 34),
                dice.randint(16, 24),
                mix(LEAF, dice.choice(("#2f5d43", "#9dbb7a")), dice.random() * 0.6),
                f'transform="rotate({dice.randint(-50, 50)} {x} {y})"',
            )
    c.path("M196 342h208l-22 130q-2 14 -18 14h-128q-16 0 -18 -14z", c.across(p.main))
    c.rect(184, 328, 232, 36, c.across(light(p.main, 0.08)), 8)


def clock(c: Canvas, p: Paint) -> None:
    c.circle(306, 312, 190, "#2b211a", 'opacity=".12"')
    c.circle(300, 300, 190, c.ball(p.main))
    c.circle(300, 300, 166, "#fbf8f1" if p.style % 2 == 0 else dark(p.main, 0.55))
    ink = "#2e2a26" if p.style % 2 == 0 else "#f3ede2"
    for n in range(12):
        c.begin(f"rotate({n * 30} 300 300)")
        c.line(f"M300 148v{22 if n % 3 == 0 else 10}", ink, 7 if n % 3 == 0 else 4)
        c.end()
    c.line("M300 300l-58 -56", ink, 10)
    c.line("M300 300l70 -78", ink, 7)
    c.line("M300 330v-150", p.accent, 3)
    c.circle(300, 300, 11, p.accent)


def art_print(c: Canvas, p: Paint) -> None:
    c.rect(146, 86, 320, 420, "#2b211a", 4, 'opacity=".14"')
    c.rect(140, 78, 320, 420, c.down(WOOD if p.style % 2 else "#2f2c29"), 4)
    c.rect(154, 92, 292, 392, "#fbf8f2")
    c.begin(clip="M190 128h220v320h-220z")
    c.rect(190, 128, 220, 320, light(p.main, 0.72))
    if p.style % 4 in (0, 3):
        c.circle(330, 226, 56, p.accent)
        c.path("M190 330q70 -90 130 -30t90 -40v190h-220z", p.main)
        c.path("M190 390q80 -50 130 -10t90 -20v90h-220z", dark(p.main, 0.3))
    elif p.style % 4 == 1:
        c.circle(270, 250, 74, p.main)
        c.rect(290, 270, 90, 150, p.accent, 45)
        c.path("M190 448v-60q60 -60 120 0v60z", dark(p.main, 0.35))
    else:
        for n, x in enumerate((230, 270, 310, 350, 380)):
            c.line(f"M300 448q{(x - 300) * 0.3:.0f} -120 {x - 300} {-230 + abs(x - 300)}", p.main, 5)
            c.ellipse(
                x,
                218 + abs(x - 300),
                20,
                38,
                p.accent if n % 2 else p.main,
                f'transform="rotate({(x - 300) // 3} {x} {218 + abs(x - 300)})"',
            )
    c.end()


def basket(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    for x in (176, 424):
        c.line(f"M{x - 22} 300c0 -70 44 -70 44 0", dark(p.main, 0.3), 14)
    body = "M150 280h300l-26 182q-4 24 -30 24h-188q-26 0 -30 -24z"
    c.path(body, c.across(p.main))
    c.begin(clip=body)
    for row, y in enumerate(range(292, 490, 22)):
        weave = f"M{140 + row % 2 * 18} {y}" + "q12 -9 24 0m12 0" * 9
        c.line(weave, dark(p.main, 0.3), 6, 'opacity=".5"')
    c.rect(140, 372, 320, 56, p.accent, 0, 'opacity=".55"')
    c.end()
    c.ellipse(300, 282, 150, 24, light(p.main, 0.2))
    c.ellipse(300, 285, 136, 18, dark(p.main, 0.5))


def towels(c: Canvas, p: Paint) -> None:
    c.shadow(300, 360)
    for n, colour in enumerate((p.main, p.accent, light(p.main, 0.4))[: 2 + p.style % 2]):
        y = FLOOR - 84 * (n + 1)
        c.rect(140, y, 320, 82, c.down(colour), 26)
        c.line(f"M150 {y + 41}h300", dark(colour, 0.2), 3, 'opacity=".7"')
        c.rect(360, y, 20, 82, light(colour, 0.45), 0, 'opacity=".6"')
        c.rect(390, y, 8, 82, light(colour, 0.45), 0, 'opacity=".6"')
        c.path(f"M140 {y + 41}q-2 -30 26 -40v80q-28 -8 -26 -40z", dark(colour, 0.12), 'opacity=".5"')


def bedding(c: Canvas, p: Paint) -> None:
    c.shadow(300, 520, 490)
    c.rect(70, 170, 460, 200, c.down(WOOD), 22)
    c.rect(60, 330, 480, 156, "#f3eee6", 18)
    for x in (110, 320):
        c.rect(x, 268, 170, 90, c.down("#fbf8f3", 0.3), 34)
        c.rect(x + 16, 300, 138, 66, c.down(light(p.accent, 0.3)), 26)
    body = "M52 372q120 -34 248 -14t248 10v92q0 26 -26 26h-444q-26 0 -26 -26z"
    c.path(body, c.down(p.main))
    if p.style % 2:
        c.begin(clip=body)
        c.line("".join(f"M{x} 340v160" for x in range(66, 560, 34)), p.accent, 7, 'opacity=".6"')
        c.end()
    c.path("M52 372q120 -34 248 -14t248 10v30q-120 8 -248 -10t-248 14z", light(p.main, 0.35))


def mirror(c: Canvas, p: Paint) -> None:
    shape = "M300 90a170 200 0 1 0 .1 0z" if p.style % 2 else "M170 490v-240a130 150 0 0 1 260 0v240z"
    c.path(shape, "#2b211a", 'opacity=".14" transform="translate(8 10)"')
    c.path(shape, c.down("#dfe9ee", 0.5))
    c.begin(clip=shape)
    c.path("M120 430l260 -380h60l-280 420z", "#ffffff", 'opacity=".5"')
    c.path("M260 480l220 -320h24l-220 330z", "#ffffff", 'opacity=".4"')
    c.end()
    c.line(shape, p.main, 18)
    c.line(shape, light(p.main, 0.35), 5)
