"""Things for outdoors and for sport."""

from everopen.services.catalog.sample.drawing.canvas import FLOOR, Canvas, Paint, dark, light, mix

GRAPHITE = "#3a4046"


def tent(c: Canvas, p: Paint) -> None:
    c.shadow(300, 520, 478)
    if p.style % 2:
        c.path("M70 470c40 -190 150 -276 240 -276s186 90 226 276z", c.down(p.main))
        c.path("M310 194c-80 30 -130 140 -142 276h290c-14 -136 -68 -246 -148 -276z", light(p.main, 0.14))
        c.path("M310 240c-50 40 -80 130 -84 230h172c-6 -100 -38 -190 -88 -230z", dark(p.main, 0.55))
        c.path("M310 240c-50 40 -80 130 -84 230h44c0 -110 16 -180 40 -230z", p.accent)
        c.line("M70 470c40 -190 150 -276 240 -276s186 90 226 276", dark(p.main, 0.3), 6)
    else:
        c.path("M60 470l214 -270h66l204 270z", c.down(p.main))
        c.path("M274 200l-84 270h220l-70 -270z", light(p.main, 0.16))
        c.path("M306 214l-62 256h124z", dark(p.main, 0.55))
        c.path("M306 214l-62 256h30z", p.accent)
        c.path("M306 214l62 256h-22z", dark(p.accent, 0.12))
        c.line("M60 470l214 -270h66l204 270", dark(p.main, 0.28), 6)
    c.line("M60 470l-24 14M544 470l24 14", GRAPHITE, 5)


def backpack(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    c.line("M262 150c0 -50 76 -50 76 0", dark(p.main, 0.35), 12)
    c.path("M186 250c-40 20 -44 170 -24 210h40z", c.down(dark(p.main, 0.2)))
    c.path("M414 250c40 20 44 170 24 210h-40z", c.down(dark(p.main, 0.3)))
    c.path("M180 486q-14 -2 -14 -40v-170q0 -130 134 -130t134 130v170q0 38 -14 40z", c.across(p.main))
    c.path("M172 250q14 -104 128 -104t128 104q-128 52 -256 0z", c.down(light(p.main, 0.1)))
    c.path("M206 330h188v126q0 22 -22 22h-144q-22 0 -22 -22z", c.down(dark(p.main, 0.1)))
    c.line("M216 346h168", p.accent, 6)
    for x in (236, 364):
        c.rect(x - 8, 232, 16, 86, dark(p.main, 0.4), 4)
        c.rect(x - 13, 276, 26, 18, p.accent, 4)
    if p.style % 2:
        c.rect(196, 296, 208, 26, c.across(p.accent), 6)


def bottle(c: Canvas, p: Paint) -> None:
    c.shadow(300, 170)
    if p.style % 2:
        c.line("M262 150c0 -54 76 -54 76 0", dark(p.accent, 0.35), 14)
    c.rect(256, 140, 88, 56, c.across(GRAPHITE if p.style % 3 else p.accent), 12)
    c.path("M262 192h76q44 20 44 78v190q0 26 -28 26h-108q-28 0 -28 -26v-190q0 -58 44 -78z", c.across(p.main))
    c.rect(218, 448, 164, 8, dark(p.main, 0.3), 0, 'opacity=".5"')
    c.path("M300 300l34 56h-68z", p.accent, 'opacity=".85"')
    c.path("M322 318l24 38h-48z", light(p.accent, 0.4), 'opacity=".85"')
    c.line("M244 260v160", "#ffffff", 9, 'opacity=".28"')


def sleeping_bag(c: Canvas, p: Paint) -> None:
    c.begin("rotate(-14 300 320)")
    c.shadow(310, 440, 420, 0.22)
    c.path(
        "M110 310c0 -84 70 -104 130 -104c110 0 220 40 290 68q20"
        " 40 0 74c-70 26 -180 66 -290 66c-60 0 -130 -20 -130 -104z",
        c.down(p.main),
    )
    for x in (240, 310, 380, 450, 505):
        c.line(
            f"M{x} {206 + (x - 240) * 0.24:.0f}q22"
            f" {104 - (x - 240) * 0.22:.0f} 0 {208 - (x - 240) * 0.5:.0f}",
            dark(p.main, 0.25),
            4,
            'opacity=".6"',
        )
    c.ellipse(178, 310, 62, 78, dark(p.main, 0.3))
    c.ellipse(182, 310, 50, 64, p.accent)
    c.ellipse(170, 310, 34, 46, light(p.accent, 0.35))
    c.line("M240 316q140 20 280 -2", light(p.accent, 0.3), 5)
    c.end()


def lantern(c: Canvas, p: Paint) -> None:
    c.shadow(300, 200)
    c.line("M216 230c-30 -140 198 -140 168 0", GRAPHITE, 9)
    c.rect(248, 160, 104, 40, c.across(p.main), 10)
    c.path("M228 200h144l16 34h-176z", c.across(dark(p.main, 0.15)))
    c.glow(300, 310, 210)
    c.rect(226, 234, 148, 156, "#fff3c9", 14, 'opacity=".92"')
    c.ellipse(300, 318, 44, 62, "#ffd466")
    c.ellipse(300, 330, 22, 38, "#fff7de")
    for x in (246, 300, 354):
        c.line(f"M{x} 234v156", dark(p.main, 0.3), 6)
    c.path("M212 388h176l14 84q2 14 -16 14h-172q-18 0 -16 -14z", c.across(p.main))
    c.circle(300, 438, 15, c.ball(p.accent))


def mat(c: Canvas, p: Paint) -> None:
    c.shadow(290, 460, 452)
    c.path("M190 452h350l-54 -96h-296z", c.down(p.main, 0.3))
    c.line("M214 372h268M204 392h290M196 412h310", p.accent, 4, 'opacity=".5"')
    c.rect(110, 290, 130, 166, c.across(p.main), 65)
    for r, colour in (
        (64, light(p.main, 0.2)),
        (50, dark(p.main, 0.1)),
        (36, light(p.main, 0.2)),
        (22, dark(p.main, 0.15)),
        (9, light(p.main, 0.3)),
    ):
        c.ellipse(176, 372, r, r * 1.26, colour)


def kettlebell(c: Canvas, p: Paint) -> None:
    if p.style % 2:
        c.shadow(300, 420)
        c.rect(200, 396, 200, 34, c.down("#aab0b6"), 10)
        for x, sign in ((120, 1), (400, -1)):
            c.rect(x, 336, 80, 150, c.across(p.main), 20)
            c.rect(x + 28 * sign, 352, 80, 118, c.across(dark(p.main, 0.25)), 18, 'opacity=".5"')
        return
    c.shadow(300, 250)
    c.line("M228 300c-30 -150 174 -150 144 0", dark(p.main, 0.25), 38)
    c.line("M232 270c-10 -110 130 -110 134 -20", light(p.main, 0.2), 8)
    c.circle(300, 370, 124, c.ball(p.main))
    c.path("M224 468h152q-10 18 -30 18h-92q-20 0 -30 -18z", dark(p.main, 0.4))
    c.circle(300, 380, 48, p.accent)
    c.line("M284 380h32M300 364v32", dark(p.accent, 0.5), 8)


def helmet(c: Canvas, p: Paint) -> None:
    c.shadow(300, 330, 460)
    c.line("M200 380c20 90 60 84 92 76M404 380c-30 90 -70 84 -112 76", GRAPHITE, 9)
    c.path(
        "M120 360c0 -130 80 -210 190 -210s176 84 182 190q4 40 -40 44c-120 10 -220 8 -300 4q-32 -4 -32 -28z",
        c.down(p.main, 0.3),
    )
    for d in (
        "M170 318c30 -80 80 -120 130 -128q-70 60 -84 130z",
        "M266 322q14 -90 70 -132 40 60 34 132z",
        "M420 320q-6 -70 -40 -120 60 30 70 112z",
    ):
        c.path(d, dark(p.main, 0.6))
    c.path("M116 356q-6 40 36 40h310q36 -2 32 -36 -180 26 -378 -4z", p.accent)


def ball(c: Canvas, p: Paint) -> None:
    c.shadow(300, 230)
    clip = "M300 186a150 150 0 1 0 .1 0z"
    if p.style % 2:
        c.circle(300, 336, 150, c.ball("#d9772f" if p.style == 1 else p.main))
        c.begin(clip=clip)
        c.line("M300 186v300M150 336h300M190 220q110 116 0 232M410 220q-110 116 0 232", "#3a241a", 6)
        c.end()
        return
    c.circle(300, 336, 150, c.ball("#f6f4ef"))
    c.begin(clip=clip)
    c.path("M300 280l56 40 -22 64h-68l-22 -64z", p.main)
    for d in (
        "M300 180l46 22 -46 34 -46 -34z",
        "M452 300l-46 -6 -26 -52 40 -44z",
        "M148 300l46 -6 26 -52 -40 -44z",
        "M392 480l-30 -40 30 -48 56 10z",
        "M208 480l30 -40 -30 -48 -56 10z",
    ):
        c.path(d, p.main)
    c.line("M300 236v44M356 320l50 -26M334 384l28 56M266 384l-28 56M244 320l-50 -26", "#c9c4ba", 4)
    c.end()


def poles(c: Canvas, p: Paint) -> None:
    c.shadow(300, 220)
    for x, lean in ((250, -7), (350, 8)):
        c.begin(f"rotate({lean} {x} 480)")
        c.rect(x - 5, 150, 10, 330, c.across("#aeb4ba"))
        c.rect(x - 7, 210, 14, 120, c.across(p.main), 3)
        c.rect(x - 13, 84, 26, 96, c.across(dark(p.accent, 0.35)), 12)
        c.rect(x - 15, 76, 30, 22, p.main, 10)
        c.line(f"M{x - 8} 100c-44 20 -40 90 -4 72", dark(p.accent, 0.1), 7)
        c.ellipse(x, 446, 22, 7, GRAPHITE)
        c.path(f"M{x - 4} 478h8l-4 12z", GRAPHITE)
        c.end()


def cooler(c: Canvas, p: Paint) -> None:
    c.shadow(300, 380)
    c.line("M150 300c0 -130 300 -130 300 0", mix(p.accent, GRAPHITE, 0.6), 14)
    c.rect(126, 290, 348, 196, c.across(p.main), 26)
    c.rect(114, 244, 372, 70, c.across(light(p.main, 0.5)), 22)
    c.rect(262, 296, 76, 40, GRAPHITE, 8)
    c.rect(276, 304, 48, 12, p.accent, 5)
    c.path(f"M126 {FLOOR - 44}h348v18q0 26 -26 26h-296q-26 0 -26 -26z", dark(p.main, 0.22))
    c.line("M150 340v90", "#ffffff", 9, 'opacity=".3"')
