"""Things to wear."""

from everopen.services.catalog.sample.drawing.canvas import Canvas, Paint, dark, is_light, light, mix

SOLE = "#f1ece2"


def _ink(p: Paint) -> str:
    return dark(p.main, 0.3) if is_light(p.main) else light(p.main, 0.3)


TEE = "M218 120q82 46 164 0l96 50 44 112 -82 30 -22 -44v230q-118 16 -236 0v-230l-22 44 -82 -30 44 -112z"
SLEEVED = (
    "M226 116q74 40 148 0l80 40q20 12 28 46l50 236 -64 14 -50 -176v210q-118 16 -236 0v-210l-50 176"
    " -64 -14 50 -236q8 -34 28 -46z"
)


def t_shirt(c: Canvas, p: Paint) -> None:
    c.path(TEE, "#2b211a", 'opacity=".12" transform="translate(6 12)"')
    c.path(TEE, c.down(p.main, 0.14))
    c.begin(clip=TEE)
    if p.style % 3 == 1:
        c.line("".join(f"M60 {y}h480" for y in range(190, 520, 44)), p.accent, 15, 'opacity=".85"')
    c.path(
        "M182 268v250h30c-18 -80 -16 -170 -30 -250zM418 268v250h-30c18 -80 16 -170 30 -250z",
        dark(p.main, 0.2),
        'opacity=".35"',
    )
    c.end()
    if p.style % 3 == 2:
        c.circle(300, 268, 48, p.accent)
        c.path("M252 284q24 -40 48 -10t48 -14a48 48 0 0 1 -96 24z", dark(p.accent, 0.3))
    c.line("M218 120q82 46 164 0", _ink(p), 9, 'opacity=".6"')
    c.line("M182 486q118 14 236 0", _ink(p), 3, 'opacity=".5" stroke-dasharray="7 6"')


def sweater(c: Canvas, p: Paint) -> None:
    c.path(SLEEVED, "#2b211a", 'opacity=".12" transform="translate(6 12)"')
    c.path(SLEEVED, c.down(p.main, 0.14))
    c.begin(clip=SLEEVED)
    if p.style % 2:
        for y, colour in ((206, p.accent), (232, light(p.main, 0.5)), (258, p.accent)):
            c.line("M40 " + str(y) + "q26 -16 52 0t52 0 52 0 52 0 52 0 52 0 52 0 52 0 52 0 52 0", colour, 9)
    else:
        c.line("".join(f"M{x} 150v350" for x in range(196, 420, 16)), dark(p.main, 0.2), 3, 'opacity=".35"')
    c.rect(170, 452, 260, 50, dark(p.main, 0.14))
    c.line("".join(f"M{x} 456v50" for x in range(184, 424, 12)), dark(p.main, 0.32), 3, 'opacity=".6"')
    c.end()
    c.line("M226 116q74 40 148 0", dark(p.main, 0.22), 18)


def hoodie(c: Canvas, p: Paint) -> None:
    c.path(SLEEVED, "#2b211a", 'opacity=".12" transform="translate(6 12)"')
    c.path(SLEEVED, c.down(p.main, 0.14))
    c.path("M210 130c10 -90 170 -90 180 0q-20 70 -90 76q-70 -6 -90 -76z", c.down(dark(p.main, 0.1)))
    c.path("M242 134c14 -54 102 -54 116 0q-16 40 -58 46q-42 -6 -58 -46z", dark(p.main, 0.5))
    c.line("M276 192v74M324 192v64", light(p.accent, 0.3), 7)
    c.path("M226 390l24 -46h100l24 46v62h-148z", dark(p.main, 0.14))
    c.rect(182, 468, 236, 26, dark(p.main, 0.2), 6)
    if p.style % 2:
        c.line("M300 200v270", light(p.accent, 0.4), 6, 'stroke-dasharray="5 4"')


def jacket(c: Canvas, p: Paint) -> None:
    c.path(SLEEVED, "#2b211a", 'opacity=".12" transform="translate(6 12)"')
    c.path(SLEEVED, c.down(p.main, 0.18))
    if p.style % 2:
        c.begin(clip=SLEEVED)
        c.line(
            "".join(f"M40 {y}q260 22 520 0" for y in range(190, 520, 48)),
            dark(p.main, 0.3),
            6,
            'opacity=".55"',
        )
        c.end()
    else:
        c.begin(clip=SLEEVED)
        c.path("M40 100h520v108q-260 40 -520 0z", p.accent, 'opacity=".9"')
        c.end()
    c.path("M236 112l64 40 64 -40 12 -30q-76 -34 -152 0z", c.down(dark(p.main, 0.12)))
    c.line("M300 150v340", dark(p.main, 0.5), 7)
    c.line("M300 150v340", light(p.accent, 0.4), 2, 'stroke-dasharray="4 4"')
    c.line("M206 380l52 24M394 380l-52 24", dark(p.main, 0.45), 7)


def shirt(c: Canvas, p: Paint) -> None:
    c.path(SLEEVED, "#2b211a", 'opacity=".12" transform="translate(6 12)"')
    c.path(SLEEVED, c.down(p.main, 0.12))
    c.begin(clip=SLEEVED)
    if p.style % 3 == 1:
        c.line("".join(f"M{x} 90v420" for x in range(70, 560, 28)), p.accent, 4, 'opacity=".65"')
    elif p.style % 3 == 2:
        c.line(
            "".join(f"M{x} 90v420" for x in range(70, 560, 40))
            + "".join(f"M40 {y}h520" for y in range(110, 520, 40)),
            p.accent,
            12,
            'opacity=".45"',
        )
    c.end()
    c.path("M238 112l62 52 62 -52 -14 -22h-96z", light(p.main, 0.2))
    c.path("M238 112l62 52 -30 34 -46 -74zM362 112l-62 52 30 34 46 -74z", c.down(light(p.main, 0.1)))
    c.line("M300 170v320", _ink(p), 3, 'opacity=".6"')
    for y in (214, 270, 326, 382, 438):
        c.circle(300, y, 6, light(p.accent, 0.5))
    c.rect(336, 240, 56, 62, dark(p.main, 0.1), 4)


def trousers(c: Canvas, p: Paint) -> None:
    d = "M206 90h188l34 410 -86 8 -42 -270 -42 270 -86 -8z"
    c.path(d, "#2b211a", 'opacity=".12" transform="translate(6 10)"')
    c.path(d, c.down(p.main, 0.14))
    c.path("M206 90h188l3 34h-194z", dark(p.main, 0.18))
    c.line("M300 124v114", dark(p.main, 0.4), 4)
    c.line("M212 130q6 44 -16 56M388 130q-6 44 16 56", dark(p.main, 0.35), 4)
    stitch = "#d8a55c" if p.style % 2 else dark(p.main, 0.3)
    c.line(
        "M190 470l80 8M410 470l-80 8M300 236l36 260M300 236l-36 260",
        stitch,
        3,
        'stroke-dasharray="7 6" opacity=".8"',
    )
    c.circle(300, 107, 7, "#c79b4b")


def dress(c: Canvas, p: Paint) -> None:
    d = "M240 90l20 60q40 26 80 0l20 -60 40 10q10 90 -30 160l90 230q-160 40 -320 0l90 -230q-40 -70 -30 -160z"
    c.path(d, "#2b211a", 'opacity=".12" transform="translate(6 10)"')
    c.path(d, c.down(p.main, 0.16))
    c.begin(clip=d)
    dice = p.scatter()
    if p.style % 2:
        for _ in range(60):
            x, y = dice.randint(140, 460), dice.randint(110, 500)
            c.circle(x, y, 8, p.accent, 'opacity=".8"')
            c.circle(x, y, 3, light(p.accent, 0.6))
    c.line("M250 270l-50 240M300 276v230M350 270l50 240", dark(p.main, 0.25), 5, 'opacity=".5"')
    c.end()
    c.path("M228 250h144v24h-144z", p.accent)


def beanie(c: Canvas, p: Paint) -> None:
    c.shadow(300, 330, 460)
    if p.style % 2:
        c.circle(300, 132, 50, c.ball(light(p.accent, 0.3)))
    c.path("M140 380c0 -150 70 -230 160 -230s160 80 160 230z", c.down(p.main))
    c.line(
        "".join(f"M{300 + x * 0.5:.0f} 170Q{300 + x} 250 {300 + x} 372" for x in range(-130, 131, 26)),
        dark(p.main, 0.25),
        4,
        'opacity=".55"',
    )
    c.rect(124, 350, 352, 106, c.across(light(p.main, 0.08)), 26)
    c.line("".join(f"M{x} 362v82" for x in range(146, 470, 20)), dark(p.main, 0.25), 5, 'opacity=".5"')
    c.rect(350, 390, 70, 40, p.accent, 5)


def cap(c: Canvas, p: Paint) -> None:
    c.shadow(320, 380, 440)
    c.path("M130 376c-6 -140 70 -214 170 -214s166 74 166 190q-170 -20 -336 24z", c.down(p.main))
    c.line("M296 164q-60 80 -60 196M300 164q70 70 84 184", dark(p.main, 0.28), 4, 'opacity=".7"')
    c.path(
        "M280 352c90 -20 190 -10 270 56q-6 22 -40 18q-120 -36 -290 -16z",
        c.down(p.accent if p.style % 2 else dark(p.main, 0.15)),
    )
    c.circle(300, 162, 12, dark(p.main, 0.25))
    c.path("M196 296l36 -56 36 56z", p.accent if p.style % 2 == 0 else light(p.main, 0.4))


def scarf(c: Canvas, p: Paint) -> None:
    c.shadow(300, 320)
    c.path("M330 250l110 210 -78 26 -100 -210z", c.down(dark(p.main, 0.12)))
    c.path("M270 250l-90 200 -6 36h84l80 -220z", c.down(p.main))
    c.path("M160 190c0 -80 280 -80 280 0c0 110 -280 110 -280 0z", c.down(light(p.main, 0.1)))
    c.ellipse(300, 176, 84, 34, dark(p.main, 0.45))
    c.path("M170 220q130 70 260 0q10 30 -20 56q-110 40 -220 0q-30 -26 -20 -56z", c.down(p.main))
    if p.style % 2:
        c.line("M206 396l84 -8M198 420l84 -8M380 400l58 -22M390 422l58 -22", p.accent, 9)
    c.line(
        "".join(f"M{x} 484v20" for x in range(180, 260, 11))
        + "".join(f"M{366 + n * 9} {486 - n * 3}l5 18" for n in range(8)),
        light(p.main, 0.2),
        5,
    )


def socks(c: Canvas, p: Paint) -> None:
    c.shadow(300, 340, 470)
    for dx, tone in ((90, dark(p.main, 0.1)), (-10, p.main)):
        c.begin(f"translate({dx} 0)")
        d = "M190 110h110v210q4 40 -30 66l-96 70q-50 30 -84 -10q-24 -40 20 -70l60 -40q20 -14 20 -40z"
        c.path(d, c.down(tone))
        c.begin(clip=d)
        c.rect(170, 100, 150, 44, p.accent)
        if p.style % 2:
            c.line("".join(f"M100 {y}h240" for y in range(176, 330, 30)), p.accent, 10)
        c.circle(290, 360, 56, light(p.accent, 0.15))
        c.path("M60 380h90l-20 110h-90z", light(p.accent, 0.15))
        c.end()
        c.end()


def sneaker(c: Canvas, p: Paint) -> None:
    c.shadow(300, 480, 454)
    c.path(
        "M70 400c-6 -60 0 -130 26 -150q40 20 90 6q60 20 104 84q90 14 170 40q50 16 50 58"
        "q0 10 -12 12h-410q-18 -6 -18 -50z",
        c.down(p.main),
    )
    c.path("M96 250q40 20 90 6q20 10 34 22q-50 60 -146 50q6 -60 22 -78z", c.down(light(p.main, 0.14)))
    c.path("M372 366q90 14 118 40q20 22 20 40h-160q-10 -50 22 -80z", light(p.main, 0.3))
    c.path(
        "M130 430q60 -90 130 -60t70 70z"
        if p.style % 2
        else "M140 440l60 -90h30l-50 90zM210 440l50 -80h30l-40 80z",
        p.accent,
    )
    for x, y in ((216, 290), (244, 310), (270, 334), (298, 350)):
        c.line(f"M{x} {y}l34 -16", "#fbf8f2", 8)
    c.path("M64 430h450q8 30 -20 36h-400q-30 -4 -30 -36z", SOLE)
    c.line("M74 450h430", mix(SOLE, p.accent, 0.6), 5)


def boot(c: Canvas, p: Paint) -> None:
    c.shadow(300, 420, 478)
    c.path("M160 120h150v180q20 30 80 40q90 14 96 96h-326z", c.down(p.main))
    c.path("M160 120h150v44h-150z", light(p.accent, 0.1))
    c.path("M380 338q100 14 106 98h-120q-20 -60 14 -98z", dark(p.main, 0.12))
    for y in (196, 232, 268, 302):
        c.line(f"M262 {y}l50 -8", light(p.accent, 0.4), 7)
        c.circle(258, y + 1, 6, "#c79b4b")
    c.line("M190 124v-30q20 -16 30 0v30", dark(p.main, 0.3), 7)
    c.path("M152 430h342v30q0 18 -18 18h-20v-12h-190v12h-96q-18 0 -18 -18z", "#3a312b")
    if p.style % 2:
        c.line("M152 436h342", "#d8a55c", 4, 'stroke-dasharray="9 6"')


def tote(c: Canvas, p: Paint) -> None:
    c.shadow(300, 330)
    c.line("M226 260c0 -200 148 -200 148 0", dark(p.accent, 0.1), 16)
    c.path("M150 236h300l16 230q0 20 -20 20h-292q-20 0 -20 -20z", c.down(p.main))
    if p.style % 2:
        c.path("M136 400h328l4 66q0 20 -20 20h-296q-20 0 -20 -20z", p.accent)
    else:
        c.circle(300, 350, 60, p.accent)
        c.path("M240 360q30 -40 60 0t60 0a60 60 0 0 1 -120 0z", dark(p.accent, 0.25))
    c.line("M160 250h280", light(p.main, 0.4), 3, 'stroke-dasharray="8 6"')


def umbrella(c: Canvas, p: Paint) -> None:
    c.shadow(330, 200, 500, 0.16)
    c.line("M300 120v330c0 60 80 60 80 6", "#6b4a32", 13)
    c.path(
        "M60 320c20 -150 120 -210 240 -210s220 60 240 210" + "q-40 -34 -80 0" * 6 + "z",
        c.down(p.main),
    )
    c.path(
        "M220 320q-4 -150 80 -210q-110 60 -160 210q40 -34 80 0z"
        "M380 320q4 -150 -80 -210q110 60 160 210q-40 -34 -80 0z",
        p.accent if p.style % 2 else dark(p.main, 0.12),
        'opacity=".8"',
    )
    c.line("M300 110v-22", "#6b4a32", 9)
