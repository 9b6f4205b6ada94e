"""Things of the kitchen and the table."""

from everopen.services.catalog.sample.drawing.canvas import FLOOR, Canvas, Paint, dark, is_light, light, mix

STEEL = "#b9bec4"
WOOD = "#b98a5a"


def speckle(c: Canvas, p: Paint, clip: str, box: tuple[int, int, int, int], count: int = 60) -> None:
    """Specks in the glaze of stoneware."""
    dice = p.scatter()
    x, y, w, h = box
    colour = dark(p.main, 0.45) if is_light(p.main) else light(p.main, 0.45)
    c.begin(clip=clip)
    d = "".join(
        f"M{dice.randint(x, x + w)} {dice.randint(y, y + h)}h{dice.choice(('.1', '1.5'))}"
        for _ in range(count)
    )
    c.line(d, colour, 3, 'opacity=".4"')
    c.end()


def mug(c: Canvas, p: Paint) -> None:
    c.shadow(300, 260)
    height = (210, 250, 170)[p.style % 3]
    top = FLOOR - height
    c.line(f"M395 {top + 45}c95 -22 105 {height * 0.62:.0f} -8 {height * 0.6:.0f}", dark(p.main, 0.12), 24)
    c.line(f"M395 {top + 42}c86 -20 96 {height * 0.6:.0f} -8 {height * 0.58:.0f}", light(p.main, 0.12), 9)
    body = f"M200 {top}v{height - 30}q0 28 40 30h120q40 -2 40 -30v-{height - 30}z"
    c.path(body, c.across(p.main))
    if p.style % 2:
        speckle(c, p, body, (200, top, 200, height))
        c.path(
            f"M200 {FLOOR - 42}v12q0 28 40 30h120q40 -2 40 -30v-12q-100 14 -200 0z",
            mix(p.main, "#c9a27a", 0.75),
        )
    else:
        c.path(f"M200 {top + height * 0.42:.0f}q100 16 200 0v34q-100 16 -200 0z", p.accent, 'opacity=".85"')
    c.ellipse(300, top, 100, 21, light(p.main, 0.3))
    c.ellipse(300, top + 2, 90, 16, dark(p.main, 0.45))
    c.ellipse(300, top + 7, 80, 11, "#5a3a26")


def teapot(c: Canvas, p: Paint) -> None:
    c.shadow(300, 320)
    c.line("M175 330c-70 -60 -110 40 -24 90", dark(p.main, 0.15), 20)
    c.path("M395 400c50 -14 58 -94 104 -110l16 12c-26 28 -30 122 -104 146z", c.down(p.main))
    c.path(
        "M160 370c0 -90 64 -124 140 -124s140 34 140 124c0 72 -48 116 -84 116h-112c-36 0 -84 -44 -84 -116z",
        c.ball(p.main),
    )
    c.ellipse(300, 252, 76, 18, dark(p.main, 0.2))
    c.path("M226 248c6 -38 142 -38 148 0q-74 22 -148 0z", c.down(p.main))
    c.circle(300, 208, 17, c.ball(p.accent))
    if p.style % 2:
        c.line("M176 330q124 40 248 0", p.accent, 8, 'opacity=".8"')
        c.line("M166 356q134 42 268 0", p.accent, 4, 'opacity=".8"')


def kettle(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    c.line("M214 250c-10 -150 180 -150 172 0", dark(p.accent, 0.3), 20)
    c.line("M392 396c86 -6 56 -112 92 -152h26", c_edge := dark(p.main, 0.1), 22)
    c.line("M392 392c78 -6 50 -108 88 -150", light(p.main, 0.25), 6)
    c.path("M206 258h188l40 198q2 28 -26 30h-216q-28 -2 -26 -30z", c.across(p.main))
    c.path("M222 258q78 -34 156 0z", c_edge)
    c.rect(206, 252, 188, 12, light(p.main, 0.3), 6)
    c.circle(300, 226, 14, c.ball(dark(p.accent, 0.3)))
    c.rect(172, 470, 256, 16, dark(p.main, 0.4), 6)


def skillet(c: Canvas, p: Paint) -> None:
    c.shadow(270, 400, 474)
    c.begin("rotate(-8 300 400)")
    c.path("M402 396l158 -30q18 0 18 16t-18 18l-150 26z", c.down(WOOD if p.style % 2 else dark(p.main, 0.2)))
    c.circle(556, 384, 7, "#f4efe8")
    c.path("M90 372h330q-4 96 -66 100h-198q-62 -4 -66 -100z", c.across(p.main))
    c.ellipse(255, 372, 167, 42, light(p.main, 0.22))
    c.ellipse(255, 375, 152, 35, c.down(dark(mix(p.main, "#222222", 0.5), 0.3)))
    c.line("M140 372q50 -26 130 -24", "#ffffff", 5, 'opacity=".22"')
    c.end()


def pot(c: Canvas, p: Paint) -> None:
    c.shadow(300, 380)
    for side in (-1, 1):
        c.line(
            f"M{300 + side * 172} 340h{side * 40}q{side * 12} 0 {side * 12} 16t{-side * 12} 16h{-side * 40}",
            dark(p.main, 0.2),
            16,
        )
    c.path("M126 306h348v136q-4 42 -52 44h-244q-48 -2 -52 -44z", c.across(p.main))
    c.rect(120, 296, 360, 20, c.across(light(p.main, 0.12)), 10)
    c.path("M132 296c10 -80 326 -80 336 0z", c.across(p.main))
    c.line("M196 262q104 -40 208 0", "#ffffff", 7, 'opacity=".3"')
    c.rect(284, 216, 32, 18, dark(STEEL, 0.2), 4)
    c.circle(300, 206, 20, c.ball("#d8b25a" if p.style % 2 else STEEL))


def knife(c: Canvas, p: Paint) -> None:
    c.shadow(300, 460, 452, 0.18)
    c.begin("rotate(-24 300 330)")
    c.path("M40 330c70 -58 160 -70 320 -70v82c-120 10 -230 12 -320 -12z", c.down("#d5dade", 0.4))
    c.path("M40 330c90 24 200 22 320 12v-12c-120 10 -230 14 -320 0z", "#f3f6f8")
    c.rect(356, 256, 26, 90, c.down(STEEL), 3)
    c.path("M382 262h140q42 0 42 40t-30 42q-20 -22 -60 -16l-92 6z", c.down(p.main))
    for x in (410, 460, 510):
        c.circle(x, 298, 7, light(STEEL, 0.3))
    c.end()


def board(c: Canvas, p: Paint) -> None:
    c.shadow(300, 330)
    c.begin("rotate(5 300 480)")
    if p.style % 2:
        c.path(
            "M180 216q0 -30 30 -30h50q10 0 12 -14l4 -70q2 -22 24 -22t24 22l4"
            " 70q2 14 12 14h50q30 0 30 30v240q0 30 -30 30h-180q-30 0 -30 -30z",
            c.down(p.main),
        )
        c.circle(300, 118, 12, light(c.backdrop, 0.35))
    else:
        c.rect(150, 150, 300, 336, c.down(p.main), 34)
        c.rect(268, 172, 64, 20, light(c.backdrop, 0.35), 10)
    dice = p.scatter()
    for n in range(7):
        y = 230 + n * 36
        c.line(
            f"M192 {y}q{dice.randint(40, 90)} {dice.randint(-14, 14)} 110 0t104 {dice.randint(-6, 6)}",
            dark(p.main, 0.22),
            3,
            'opacity=".45"',
        )
    c.end()


def bowl(c: Canvas, p: Paint) -> None:
    c.shadow(300, 300)
    layers = ((0, p.main), (52, p.accent), (96, light(p.main, 0.35)))[: 1 + p.style % 3]
    for lift, colour in reversed(layers):
        narrow = lift * 0.55
        y = 326 - lift
        body = f"M{120 + narrow} {y}c8 110 80 {160 - lift * 0.3:.0f} 130 160h100c50 0 122 -50 130 -160z"
        c.path(
            body.replace("130 -160z", f"{130 - 2 * narrow + narrow:.0f} -160z")
            if lift == 0
            else f"M{120 + narrow:.0f} {y}c8 60 40 90 90 90h{180 - 2 * narrow:.0f}c50 0 82 -30 90 -90z",
            c.across(colour),
        )
        c.ellipse(300, y, 180 - narrow, 36 - lift * 0.1, light(colour, 0.35))
        c.ellipse(300, y + 4, 166 - narrow, 29 - lift * 0.1, c.down(dark(colour, 0.18)))


def plates(c: Canvas, p: Paint) -> None:
    c.shadow(300, 400)
    for n in range(4):
        y = 462 - n * 17
        c.ellipse(300, y + 8, 190, 40, dark(p.main, 0.3))
        c.ellipse(300, y, 190, 40, c.across(p.main if n % 2 == 0 or p.style % 2 else p.accent))
    c.ellipse(300, 408, 176, 34, light(p.main, 0.3))
    c.ellipse(300, 411, 120, 21, c.down(dark(p.main, 0.06)))
    c.begin("rotate(-7 300 250)")
    c.circle(300, 232, 140, c.ball(p.main))
    c.circle(300, 232, 140, "none", f'stroke="{p.accent}" stroke-width="8"')
    c.circle(300, 232, 92, dark(p.main, 0.07))
    c.circle(300, 232, 86, light(p.main, 0.12))
    c.end()


def glass(c: Canvas, p: Paint) -> None:
    tint = light(p.main, 0.55)
    if p.style % 2:
        for x in (214, 386):
            c.shadow(x, 130)
            c.path(
                f"M{x - 62} 250c-6 120 20 136 56 140l-2 72q-2 14 -40"
                f" 18v6h96v-6q-38 -4 -40 -18l-2 -72c36 -4 62 -20 56 -140z",
                tint,
                'opacity=".75"',
            )
            c.path(f"M{x - 62} 300c2 64 24 84 62 86s60 -22 62 -86q-62 14 -124 0z", p.main, 'opacity=".8"')
            c.ellipse(x, 250, 62, 12, "#ffffff", 'opacity=".7"')
            c.line(f"M{x - 40} 270q-6 50 10 84", "#ffffff", 7, 'opacity=".8"')
        return
    for x, y in ((220, 240), (380, 240), (300, 276)):
        c.shadow(x, 150)
        c.path(
            f"M{x - 70} {y}l12 {FLOOR - y - 8}q2 10 14 10h88q12 0 14 -10l12 -{FLOOR - y - 8}z",
            tint,
            'opacity=".78"',
        )
        c.path(
            f"M{x - 64} {y + 70}l6 {FLOOR - y - 78}q2 10 14"
            f" 10h88q12 0 14 -10l6 -{FLOOR - y - 78}q-64 12 -128 0z",
            p.main,
            'opacity=".42"',
        )
        c.ellipse(x, y, 70, 14, "#ffffff", 'opacity=".75"')
        c.line(f"M{x - 48} {y + 30}l7 {FLOOR - y - 70}", "#ffffff", 8, 'opacity=".75"')


def jar(c: Canvas, p: Paint) -> None:
    for x, top, w in ((196, 300, 130), (394, 240, 140), (296, 340, 120)):
        c.shadow(x, w + 20)
        c.rect(x - w / 2, top, w, FLOOR - top, light(p.main, 0.7), 22, 'opacity=".9"')
        c.rect(x - w / 2 + 10, top + 46, w - 20, FLOOR - top - 56, c.across(p.main), 16)
        c.rect(x - w / 2 + 6, top - 34, w - 12, 44, c.across(WOOD if p.style % 2 else p.accent), 9)
        c.rect(x - 34, top + 76, 68, 44, "#fbf7ef", 6)
        c.line(f"M{x - 20} {top + 92}h40M{x - 14} {top + 104}h28", dark(p.main, 0.4), 4)
        c.line(f"M{x - w / 2 + 14} {top + 20}v{FLOOR - top - 60}", "#ffffff", 7, 'opacity=".55"')


def press(c: Canvas, p: Paint) -> None:
    c.shadow(300, 220)
    c.line("M392 268h46q22 0 22 24v108q0 24 -22 24h-46", dark(p.main, 0.1), 20)
    c.rect(208, 226, 184, 254, light("#cfe0e6", 0.3), 14, 'opacity=".85"')
    c.rect(216, 330, 168, 146, c.across("#4a2c1c"), 10)
    c.rect(216, 318, 168, 16, STEEL, 4)
    c.rect(296, 130, 8, 190, dark(STEEL, 0.1))
    for y in (250, 452):
        c.rect(200, y, 200, 16, c.across(p.main), 6)
    c.rect(196, 262, 14, 224, c.across(p.main), 5)
    c.rect(390, 262, 14, 224, c.across(p.main), 5)
    c.path("M204 228q96 -58 192 0z", c.across(p.main))
    c.rect(196, 222, 208, 14, dark(p.main, 0.15), 7)
    c.circle(300, 128, 20, c.ball(p.accent))
    c.line("M232 250v70", "#ffffff", 8, 'opacity=".6"')


def apron(c: Canvas, p: Paint) -> None:
    c.line("M238 176c-20 -110 144 -110 124 0", dark(p.main, 0.3), 9)
    c.line("M168 300q-60 20 -64 90M432 300q60 20 64 90", dark(p.main, 0.3), 9)
    body = "M234 170h132q4 90 70 124l6 190q-142 18 -284 0l6 -190q66 -34 70 -124z"
    c.path(body, c.down(p.main))
    if p.style % 2:
        c.begin(clip=body)
        c.line("".join(f"M{x} 160v340" for x in range(170, 440, 26)), light(p.main, 0.35), 5, 'opacity=".7"')
        c.end()
    c.path("M220 350h160v70q-2 22 -24 22h-112q-22 0 -24 -22z", c.down(dark(p.main, 0.1)))
    c.line("M226 356h148M300 352v86", light(p.accent, 0.2), 3, 'stroke-dasharray="7 6"')
