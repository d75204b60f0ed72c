"""Makes the shop's database and fills it: `python -m bench.oscar_shop.load`, in its environment."""

# ruff: noqa: E402 (Django wants to be set up before its models are imported)
from __future__ import annotations

import io
from datetime import datetime
from zoneinfo import ZoneInfo

import django

django.setup()

from django.contrib.flatpages.models import FlatPage
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.core.management import call_command
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.apps.catalogue.models import Product, ProductClass, ProductImage
from oscar.apps.catalogue.reviews.models import ProductReview
from oscar.apps.partner.models import Partner, StockRecord
from PIL import Image

from bench.oscar_shop.catalogue import PAGES, Good, catalogue


def main() -> None:
    """All tables, products and pages."""
    call_command("migrate", verbosity=0)
    partner = Partner.objects.create(name="本店")
    kinds: dict[str, ProductClass] = {}
    for place, good in enumerate(catalogue()):
        if good.kind not in kinds:
            kinds[good.kind] = kind = ProductClass.objects.create(name=good.kind)
            for name in good.attributes:
                kind.attributes.create(name=name, code=f"a{list(good.attributes).index(name)}", type="text")  # fmt: skip
        put(place, good, kinds[good.kind], partner)
    for url, (title, lines) in PAGES.items():
        text = "".join(f"<p>{line}</p>" for line in lines)
        page = FlatPage.objects.create(url=url, title=title, content=text)
        page.sites.add(Site.objects.get_current())
    call_command("rebuild_index", interactive=False, verbosity=0)


def put(place: int, good: Good, kind: ProductClass, partner: Partner) -> None:
    """One product with its price, pictures and reviews."""
    product = Product(
        title=good.title,
        upc=good.upc,
        product_class=kind,
        structure="parent" if good.variants else "standalone",
        description="".join(f"<p>{line}</p>" for line in good.paragraphs),
    )
    for name, value in good.attributes.items():
        setattr(product.attr, f"a{list(good.attributes).index(name)}", value)
    product.save()
    product.categories.add(create_from_breadcrumbs(good.category, separator=">"))
    for number in range(good.images):
        packed = io.BytesIO()
        Image.new("RGB", (480, 360), (place * 4 % 256, number * 80 % 256, 128)).save(packed, "PNG")
        file = ContentFile(packed.getvalue(), f"{good.upc}-{number}.png")
        ProductImage.objects.create(product=product, original=file, display_order=number)
    sold = [Product.objects.create(title=f"{good.title} {v}", upc=f"{good.upc}-{n}", parent=product, structure="child") for n, v in enumerate(good.variants)]  # fmt: skip
    for one in sold or [product]:
        if good.price is not None:
            StockRecord.objects.create(
                product=one, partner=partner, partner_sku=one.upc, price=good.price,
                price_currency="CNY", num_in_stock=good.stock,
            )  # fmt: skip
    for text, day, buyer, stars in good.reviews:
        review = ProductReview.objects.create(
            product=product, title="评价", body=text, name=buyer, email="nobody@example.invalid",
            score=stars, status=ProductReview.APPROVED,
        )  # fmt: skip
        at = datetime.fromisoformat(f"{day}T09:30").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        ProductReview.objects.filter(pk=review.pk).update(date_created=at)
    product.update_rating()


if __name__ == "__main__":
    main()
