"""The sample catalog: some six hundred believable products, their pictures drawn by program.

It is generated, not kept: the same products and pictures each time, from the texts in `departments/`
and the drawings in `drawing/`. That keeps megabytes of generated files out of the repository, and the
sample goes through the same door as a merchant's own file: a Shopify CSV and a folder of images.
"""

from everopen.services.catalog.sample.write import Sample, write_sample

__all__ = ["Sample", "write_sample"]
