"""The catalog, wired."""

from pathlib import Path

from obstore.store import ObjectStore

from everopen.kit.audit import audit_router
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.service import Service
from everopen.services.catalog.assortment import Assortment
from everopen.services.catalog.assortment_http import assortment_router
from everopen.services.catalog.follower import Follower
from everopen.services.catalog.handlers import CatalogHandlers
from everopen.services.catalog.http import build_router
from everopen.services.catalog.images import Images
from everopen.services.catalog.imports import stock_opener
from everopen.services.catalog.local import LocalCatalog
from everopen.services.catalog.store import CatalogStore


def build_service(
    database: Database,
    mesh: Mesh,
    bucket: ObjectStore | None,
    state_dir: Path,
    currency: str,
) -> Service:
    """The catalog service of one instance.

    Args:
        database: the home cell's, as the role `catalog`; its owner starts and stops it.
        mesh: to inventory, for opening the stock of imported variants; its owner starts and stops it.
        bucket: of the product images, see `image_bucket`.
        state_dir: of this instance's own; what is in it can be made anew.
        currency: of the prices in imported files.
    """
    store = CatalogStore(database)
    local = LocalCatalog(state_dir / "catalog")
    follower = Follower(store, local)
    images = Images(bucket, state_dir / "images")
    handlers = CatalogHandlers(store, local, images, stock_opener(mesh), currency, follower.wake)
    assortment = Assortment(database, currency, follower.wake)
    others = (assortment_router(assortment), audit_router("catalog", database))
    return Service(name="catalog", router=build_router(handlers, others), parts=(local, images, follower))
