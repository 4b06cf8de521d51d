"""What the comments are about, as the CMS last told it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from service.domain import Article
from service.storage.engine import inserted
from service.storage.tables import articles


def find(db: Connection, site: str, id: str) -> Row[Any] | None:
    """The article of this id or, where the CMS names it by its URL, of this URL."""
    named = or_(articles.c.id == id, articles.c.url == id)
    best_first = select(articles).where(articles.c.site == site, named).order_by((articles.c.id == id).desc(), articles.c.updated_at.desc())
    return db.execute(best_first.limit(1)).one_or_none()


def find_story(db: Connection, site: str, id: str, url: str | None) -> Row[Any] | None:
    """The article of this id or this URL; of two the one that has a text."""
    named = or_(articles.c.id.in_([id, url]), articles.c.url == url) if url else articles.c.id == id
    fullest_first = select(articles).where(articles.c.site == site, named).order_by((articles.c.text != "").desc(), articles.c.pk)
    return db.execute(fullest_first.limit(1)).one_or_none()


def put(db: Connection, site: str, article: Article) -> Row[Any]:
    """Stores the article as it is given, over what was stored of it."""
    return _write(db, site, article.id or "", {"url": article.url, "title": article.title, "text": article.text})


def complete(db: Connection, site: str, article: Article) -> Article:
    """The article with what is stored of it, where the CMS left that out."""
    stored = find(db, site, article.id or article.url or "")
    if stored is None:
        return article if article.id else Article(id=article.url, url=article.url, title=article.title, text=article.text)
    return Article(id=stored.id, url=article.url or stored.url, title=article.title or stored.title, text=article.text or stored.text)


def keep(db: Connection, site: str, article: Article) -> int:
    """The primary key of the article that a comment names, stored first where it is new or says something new.

    Only what the comment tells is written: the CMS may tell the rest at the same moment.
    """
    name = article.id or article.url or ""
    stored = find(db, site, name)
    told = {key: value for key in ("url", "title", "text") if (value := getattr(article, key))}
    if stored is None or any(getattr(stored, key) != value for key, value in told.items()):
        stored = _write(db, site, name if stored is None else stored.id, told)
    return int(stored.pk)


def _write(db: Connection, site: str, id: str, told: dict[str, str | None]) -> Row[Any]:
    values = told | {"updated_at": datetime.now(UTC)}
    mine = (articles.c.site == site) & (articles.c.id == id)
    new = {"site": site, "id": id, "title": "", "text": ""} | values
    if not db.execute(update(articles).where(mine).values(values)).rowcount and not inserted(db, insert(articles).values(new)):
        db.execute(update(articles).where(mine).values(values))  # told twice at the same moment
    return db.execute(select(articles).where(mine)).one()
