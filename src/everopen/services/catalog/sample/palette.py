"""The sample's colours, each with one that goes with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """Attributes: `label` is what shoppers read, and search for; `accent` goes with `main`."""

    label: str
    main: str
    accent: str


COLOURS = {
    "ash": Colour("Pale Ash", "#dcc7a4", "#5c6b78"),
    "berry": Colour("Berry Red", "#7d2f4f", "#f2c6a8"),
    "black": Colour("Black", "#2b2d31", "#a9b0b6"),
    "blush": Colour("Blush Pink", "#dba59a", "#7c5a5a"),
    "charcoal": Colour("Charcoal Grey", "#3f454c", "#d3d8dd"),
    "cherry": Colour("Cherry Red", "#9e2b38", "#f0d0b0"),
    "clay": Colour("Terracotta Red", "#c65f46", "#f2d7a0"),
    "copper": Colour("Copper", "#b8704a", "#3f454c"),
    "coral": Colour("Coral Pink", "#e07a5f", "#3d5a6c"),
    "cream": Colour("Cream White", "#efe5d2", "#b5654a"),
    "denim": Colour("Denim Blue", "#4a6890", "#d8a55c"),
    "forest": Colour("Forest Green", "#2f5545", "#d8b26a"),
    "honey": Colour("Honey Yellow", "#d9962f", "#5b3a20"),
    "ink": Colour("Ink Blue", "#2f3e55", "#d9b26a"),
    "lavender": Colour("Lavender Purple", "#a79bc4", "#f1dfb6"),
    "mint": Colour("Mint Green", "#9cc5ae", "#e07a5f"),
    "moss": Colour("Moss Green", "#5d6f4e", "#dcc58b"),
    "mustard": Colour("Mustard Yellow", "#d6a53a", "#4a5a6a"),
    "navy": Colour("Navy Blue", "#26344d", "#d58a6a"),
    "oak": Colour("Natural Oak", "#c79a63", "#5d6f4e"),
    "oat": Colour("Oat Beige", "#e0d2ba", "#7a8fa3"),
    "ocean": Colour("Ocean Blue", "#3f6f8f", "#e9c46a"),
    "olive": Colour("Olive Green", "#8c8a3d", "#3f4a2a"),
    "plum": Colour("Plum Purple", "#6b4058", "#e3b6a1"),
    "rust": Colour("Rust Red", "#b4532f", "#f0d9b8"),
    "sage": Colour("Sage Green", "#8a9a7b", "#d98c5f"),
    "sand": Colour("Sand Beige", "#d8bd94", "#6d7f6a"),
    "sky": Colour("Sky Blue", "#8fb3c9", "#f3dfb0"),
    "slate": Colour("Slate Grey", "#5c6b78", "#e0c9a0"),
    "steel": Colour("Steel Grey", "#b4bac0", "#3f454c"),
    "sun": Colour("Sun Yellow", "#f0c14b", "#3d5a6c"),
    "walnut": Colour("Dark Walnut", "#7a5230", "#d9b98a"),
    "white": Colour("White", "#f4f1ea", "#7f93a6"),
}
