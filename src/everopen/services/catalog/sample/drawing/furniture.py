"""Furniture, and what stands on a desk."""

from everopen.services.catalog.sample.drawing.canvas import Canvas, Paint, dark, light, mix

WOOD = "#b07f4f"
GRAPHITE = "#33383d"


def armchair(c: Canvas, p: Paint) -> None:
    c.shadow(300, 380)
    for x in (186, 402):
        c.path(f"M{x} 430h16l-6 56h-8z", dark(WOOD, 0.25))
    c.path("M170 170q0 -60 60 -60h140q60 0 60 60v210h-260z", c.down(p.main))
    c.path("M212 190q0 -44 44 -44h88q44 0 44 44v120h-176z", c.down(light(p.main, 0.1)))
    c.rect(186, 310, 228, 72, c.down(light(p.main, 0.16)), 24)
    c.path("M120 260q0 -34 36 -34t40 34v176h-62q-14 0 -14 -16z", c.across(dark(p.main, 0.06)))
    c.path("M480 260q0 -34 -36 -34t-40 34v176h62q14 0 14 -16z", c.across(dark(p.main, 0.1)))
    c.rect(150, 376, 300, 62, c.down(dark(p.main, 0.12)), 14)
    if p.style % 2:
        c.rect(236, 226, 128, 90, c.down(p.accent), 26)
    else:
        for x in (262, 300, 338):
            c.circle(x, 206, 6, dark(p.main, 0.3))


def sofa(c: Canvas, p: Paint) -> None:
    c.shadow(300, 540)
    for x in (96, 488):
        c.path(f"M{x} 440h16l-4 46h-8z", dark(WOOD, 0.25))
    c.rect(76, 200, 448, 190, c.down(p.main), 44)
    for x in (104, 302):
        c.rect(x, 222, 194, 130, c.down(light(p.main, 0.08)), 30)
        c.rect(x - 4, 330, 202, 66, c.down(light(p.main, 0.16)), 22)
    for x in (36, 486):
        c.rect(x, 268, 78, 176, c.across(dark(p.main, 0.08)), 34)
    c.rect(60, 388, 480, 62, c.down(dark(p.main, 0.14)), 16)
    c.rect(118, 262, 92, 82, c.down(p.accent), 22, 'transform="rotate(-8 164 300)"')
    if p.style % 2:
        c.rect(392, 260, 88, 84, c.down(light(p.accent, 0.4)), 22, 'transform="rotate(9 436 300)"')


def stool(c: Canvas, p: Paint) -> None:
    c.shadow(300, 280)
    for x1, x2 in ((240, 186), (360, 414)):
        c.line(f"M{x1} 280L{x2} 480", dark(WOOD, 0.12), 18)
    c.line("M272 284L258 480M328 284L342 480", dark(WOOD, 0.28), 15)
    c.line("M216 390h168", WOOD, 11)
    if p.style % 2:
        c.rect(176, 226, 248, 70, c.across(p.main), 32)
        c.line("M186 262q114 20 228 0", dark(p.main, 0.25), 4, 'opacity=".6"')
    else:
        c.ellipse(300, 276, 132, 30, dark(p.main, 0.3))
        c.ellipse(300, 264, 132, 30, c.down(p.main))


def side_table(c: Canvas, p: Paint) -> None:
    c.shadow(300, 320)
    if p.style % 2:
        c.rect(288, 260, 24, 206, c.across(GRAPHITE))
        c.ellipse(300, 470, 100, 18, GRAPHITE)
        c.ellipse(300, 262, 170, 36, dark(p.main, 0.3))
        c.ellipse(300, 250, 170, 36, c.down(p.main))
    else:
        for x in (170, 408):
            c.rect(x, 260, 22, 226, c.across(dark(p.main, 0.15)), 5)
        c.rect(150, 238, 300, 34, c.down(p.main), 8)
        c.rect(176, 272, 248, 74, c.down(dark(p.main, 0.08)), 4)
        c.circle(300, 308, 9, "#c79b4b")
        c.rect(176, 420, 248, 16, c.down(p.main), 4)
    c.rect(240, 214, 100, 18, p.accent, 3)
    c.rect(250, 198, 84, 17, light(p.accent, 0.5), 3)


def bookcase(c: Canvas, p: Paint) -> None:
    c.shadow(300, 340)
    c.rect(150, 70, 300, 416, c.across(p.main), 8)
    dice = p.scatter()
    for y in (92, 190, 288, 386):
        c.rect(168, y, 264, 84, dark(p.main, 0.42), 3)
        x = 176
        filled = dice.randint(300, 420)
        while x < filled - 20:
            w, h = dice.randint(13, 24), dice.randint(50, 74)
            c.rect(
                x,
                y + 84 - h,
                w,
                h,
                dice.choice(
                    (p.accent, light(p.accent, 0.4), dark(p.accent, 0.3), "#e9e0d0", "#7d8f86", "#b4694a")
                ),
                2,
            )
            x += w + 2
        if filled < 380:
            c.circle(404, y + 62, 20, light(p.accent, 0.3))


def desk(c: Canvas, p: Paint) -> None:
    c.shadow(300, 500)
    for x in (92, 484):
        c.path(f"M{x} 300h24l-4 186h-16z", c.across(dark(p.main, 0.25) if p.style % 2 else GRAPHITE))
    c.rect(60, 270, 480, 34, c.down(p.main), 8)
    c.rect(330, 304, 180, 66, c.down(dark(p.main, 0.12)), 4)
    c.rect(390, 330, 60, 9, "#c79b4b", 4)
    c.rect(150, 150, 170, 106, GRAPHITE, 8)
    c.rect(158, 158, 154, 90, c.down(mix(p.accent, "#dfe7ec", 0.4)))
    c.path("M216 256h38l10 16h-58z", "#8d949a")
    c.path("M420 270v-36h44v36z", c.across(p.accent))
    c.line("M442 234c-20 -30 -34 -30 -40 -50M442 234c4 -34 22 -40 26 -64", "#5f8a5a", 8)


def notebook(c: Canvas, p: Paint) -> None:
    c.shadow(310, 300)
    c.begin("rotate(-6 300 300)")
    c.rect(184, 116, 250, 350, "#f4efe4", 10)
    c.rect(170, 106, 256, 356, c.down(p.main), 14)
    c.rect(170, 106, 40, 356, dark(p.main, 0.18), 14)
    if p.style % 2:
        c.rect(248, 180, 140, 84, "#fbf7ee", 6)
        c.line("M268 208h100M268 232h64", dark(p.main, 0.3), 5)
    else:
        c.circle(318, 250, 54, "none", f'stroke="{p.accent}" stroke-width="7"')
        c.path("M318 214l31 54h-62z", p.accent)
    c.rect(392, 106, 13, 356, p.accent)
    c.path("M250 462v36l14 -12 14 12v-36z", p.accent)
    c.end()


def pens(c: Canvas, p: Paint) -> None:
    c.shadow(300, 360, 470, 0.18)
    for n, colour in enumerate(
        (p.main, p.accent, light(p.main, 0.4), dark(p.accent, 0.3))[: 3 + p.style % 2]
    ):
        c.begin(f"rotate({38 + n * 2} 300 300) translate(0 {n * 62 - 92})")
        c.rect(110, 284, 300, 34, c.down(colour, 0.35), 10)
        c.path("M408 286l60 12 12 3 -12 4 -60 12z", c.down("#d9c3a0" if p.style % 2 else "#c8cdd2"))
        c.rect(92, 284, 30, 34, c.down("#c79b4b" if p.style % 2 == 0 else "#e8a1a0"), 8)
        if p.style % 2 == 0:
            c.rect(130, 276, 110, 9, "#c8cdd2", 4)
        c.end()


def organiser(c: Canvas, p: Paint) -> None:
    c.shadow(300, 400)
    for x, top, colour in (
        (190, 150, p.accent),
        (214, 180, "#e8c468"),
        (240, 140, dark(p.main, 0.4)),
        (262, 190, "#b4694a"),
    ):
        c.rect(x, top, 14, 200, colour, 5)
        c.path(f"M{x} {top + 2}l7 -22 7 22z", "#e6cfa8")
    c.rect(330, 220, 120, 150, "#fbf7ee", 4)
    c.line("M350 252h80M350 276h80M350 300h50", "#c9c0b0", 5)
    c.rect(150, 290, 150, 196, c.across(p.main), 10)
    c.rect(292, 340, 180, 146, c.across(light(p.main, 0.1)), 10)
    c.rect(310, 400, 144, 62, dark(p.main, 0.12), 6)
    c.rect(362, 424, 40, 9, p.accent, 4)


def laptop_sleeve(c: Canvas, p: Paint) -> None:
    c.shadow(300, 420, 470)
    c.begin("rotate(-4 300 320)")
    c.rect(110, 170, 380, 26, "#c9ced3", 10)
    c.rect(96, 188, 408, 276, c.down(p.main), 30)
    c.path("M96 230q0 -42 30 -42h348q30 0 30 42v50q-204 60 -408 0z", c.down(light(p.main, 0.1)))
    c.rect(274, 290, 52, 40, p.accent, 8)
    c.line("M112 440h376", light(p.accent, 0.2), 3, 'stroke-dasharray="8 7" opacity=".8"')
    c.end()


def headphones(c: Canvas, p: Paint) -> None:
    c.shadow(300, 330, 470)
    c.line("M150 360c-10 -330 310 -330 300 0", dark(p.main, 0.2), 30)
    c.line("M156 350c-6 -300 294 -300 288 0", light(p.main, 0.2), 9)
    for x, side in ((150, 1), (450, -1)):
        c.rect(x - 42, 310, 84, 150, c.across(p.main), 40)
        c.rect(x + side * 20 - 17, 318, 44, 134, c.across(dark(p.accent, 0.45)), 20)
        c.circle(x - side * 12, 384, 15, p.accent)


def speaker(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    if p.style % 2:
        c.rect(120, 300, 360, 180, c.across(p.main), 90)
        for x in range(170, 440, 18):
            c.line(f"M{x} 330v120", dark(p.main, 0.35), 5, 'opacity=".6"')
        c.line("M150 300c20 -70 280 -70 300 0", p.accent, 12)
        return
    c.rect(190, 130, 220, 352, c.across(p.main), 30)
    c.circle(300, 370, 80, dark(p.main, 0.5))
    c.circle(300, 370, 62, c.ball(dark(p.accent, 0.1)))
    c.circle(300, 370, 22, dark(p.main, 0.6))
    c.circle(300, 224, 44, dark(p.main, 0.5))
    c.circle(300, 224, 30, c.ball(light(p.accent, 0.2)))


def keyboard(c: Canvas, p: Paint) -> None:
    c.shadow(300, 500, 430)
    c.path(
        "M60 400l34 -150q4 -16 22 -16h368q18 0 22 16l34 150q4 26 -22 26h-436q-26 0 -22 -26z", c.down(p.main)
    )
    dice = p.scatter()
    for row in range(4):
        y, inset = 254 + row * 38, 108 - row * 9
        step = (600 - 2 * inset) / 12
        for n in range(12):
            if row == 3 and 3 <= n <= 8:
                continue
            colour = p.accent if dice.random() < 0.08 else light(p.main, 0.4)
            c.rect(inset + n * step + 2, y, step - 5, 29, colour, 6)
    c.rect(81 + 3 * 36.5, 368, 36.5 * 6 - 5, 29, p.accent, 6)


def desk_lamp(c: Canvas, p: Paint) -> None:
    c.shadow(280, 220)
    c.glow(430, 330, 200)
    c.line("M250 462L190 290L360 170", c_arm := dark(p.main, 0.1), 14)
    c.circle(190, 290, 15, p.accent)
    c.ellipse(260, 470, 100, 18, c_arm)
    c.path("M330 150l60 -24 90 110 -140 76z", c.down(p.main))
    c.ellipse(410, 275, 80, 20, "#fff3c9", 'transform="rotate(-29 410 275)"')


def watch(c: Canvas, p: Paint) -> None:
    c.rect(252, 60, 96, 190, c.across(p.main), 16)
    c.rect(252, 350, 96, 190, c.across(p.main), 16)
    for y in (400, 430, 460):
        c.ellipse(300, y, 6, 5, dark(p.main, 0.5))
    c.rect(404, 290, 20, 26, "#b9bec4", 6)
    metal = "#c79b4b" if p.style % 2 else "#b9bec4"
    c.circle(300, 303, 114, c.ball(metal))
    c.circle(300, 303, 94, "#faf7f0" if p.style % 3 else "#20262c")
    ink = "#2e2a26" if p.style % 3 else "#f3ede2"
    for n in range(12):
        c.begin(f"rotate({n * 30} 300 303)")
        c.line("M300 222v12", ink, 5)
        c.end()
    c.line("M300 303v-52M300 303l42 24", ink, 7)
    c.line("M300 303l-30 54", p.accent, 3)
    c.circle(300, 303, 7, p.accent)


def sunglasses(c: Canvas, p: Paint) -> None:
    c.shadow(300, 400, 420, 0.2)
    c.line("M110 270L70 220M490 270l40 -50", dark(p.main, 0.2), 14)
    for x in (190, 410):
        d = (
            f"M{x - 86} 262q86 -22 172 0q6 110 -86 116q-92 -6 -86 -116z"
            if p.style % 2
            else f"M{x} 240a84 76 0 1 0 .1 0z"
        )
        c.path(d, c.down(dark(p.accent, 0.55), 0.3))
        c.line(d, p.main, 16)
        c.line(f"M{x - 40} 290l36 -22", "#ffffff", 8, 'opacity=".5"')
    c.line("M274 292q26 -24 52 0", p.main, 14)
    c.line("M104 272h10M486 272h10", p.main, 18)
