"""A document in, one self-contained HTML page out: style and drawings inside, nothing is fetched, no script. Print-ready on A4."""

from html import escape

from dicomlake.dose.monthly.blocks import Block, Chart, Document, Heading, Paragraph, Table, Tiles

_STYLE = """
@page { size: A4; margin: 16mm 15mm 18mm }
:root { color-scheme: light }
* { box-sizing: border-box }
body { font: 14px/1.5 "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; color: #1b2a38; background: #fff }
body { margin: 0 auto; max-width: 860px; padding: 28px 24px 48px }
header { border-bottom: 2px solid #1b2a38; margin-bottom: 8px; padding-bottom: 10px }
h1 { font-size: 26px; line-height: 1.2; margin: 0 } .subtitle { font-size: 16px; margin: 2px 0 8px }
.note { color: #4a5f73; font-size: 12px; margin: 0 }
h2 { border-top: 1px solid #c9d6e2; font-size: 17px; margin: 30px 0 8px; padding-top: 12px; break-after: avoid }
header + h2 { border: 0; margin-top: 12px; padding: 0 }
p { margin: 6px 0 10px; max-width: 76ch } p.small { color: #33475a; font-size: 12px; margin: 3px 0 }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 12px 0 14px }
.tile { border: 1px solid #c9d6e2; border-radius: 4px; flex: 1 1 110px; padding: 8px 12px }
.tile b { display: block; font-size: 24px; line-height: 1.2 }
.tile span { color: #33475a; font-size: 12px } .tile.marked { border: 2px solid #1b2a38 }
table { border-collapse: collapse; font-size: 12px; margin: 10px 0 16px; table-layout: fixed; width: 100% } thead { display: table-header-group }
th { border-bottom: 1.5px solid #1b2a38; font-weight: 600; padding: 4px 6px; text-align: left; vertical-align: bottom }
td { border-bottom: 1px solid #dde5ec; overflow-wrap: anywhere; padding: 4px 6px; vertical-align: top } tr { break-inside: avoid }
.n { font-variant-numeric: tabular-nums; text-align: right } tr.strong td { font-weight: 700 } table.tall td { height: 44px }
figure { break-inside: avoid; margin: 10px 0 } figure svg { display: block; height: auto; width: 100% }
"""


def to_html(document: Document) -> str:
    """The page as text; every word that came from a device is escaped."""
    title = f"<title>{escape(document.title)} · {escape(document.subtitle)}</title>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{title}'
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in document.notes)
    header = (
        f'<header><h1>{escape(document.title)}</h1><p class="subtitle">{escape(document.subtitle)}</p>{notes}</header>'
    )
    places: list[str] = [_block(block, number) for number, block in enumerate(document.blocks)]
    body = "\n".join([header, *places])
    return f'<!DOCTYPE html>\n<html lang="{document.lang}">\n<head>{head}{policy}<style>{_STYLE}</style></head>\n<body>\n{body}\n</body>\n</html>\n'


def _block(block: Block, number: int) -> str:
    if isinstance(block, Heading):
        return f"<h2>{escape(block.text)}</h2>"
    if isinstance(block, Paragraph):
        return f"<p{' class=small' if block.small else ''}>{escape(block.text)}</p>"
    if isinstance(block, Tiles):
        tiles = "".join(
            f'<div class="tile{" marked" if marked else ""}"><b>{escape(value)}</b><span>{escape(label)}</span></div>'
            for value, label, marked in block.tiles
        )
        return f'<div class="tiles">{tiles}</div>'
    if isinstance(block, Chart):
        return f'<figure role="img" aria-label="{escape(block.alt)}">{_own_ids(block.svg, number)}</figure>'
    return _table(block)


def _table(table: Table) -> str:
    widths = "".join(f'<col style="width:{share * 100:.1f}%">' for share in table.widths)

    def cells(tag: str, row: "tuple[str, ...] | list[str]") -> str:
        return "".join(
            f"<{tag}{' class=n' if i in table.numeric else ''}>{escape(text)}</{tag}>" for i, text in enumerate(row)
        )

    rows = "".join(
        f"<tr{' class=strong' if i in table.strong else ''}>{cells('td', list(row))}</tr>"
        for i, row in enumerate(table.rows)
    )
    kind = " class=tall" if table.tall else ""
    return f"<table{kind}><colgroup>{widths}</colgroup><thead><tr>{cells('th', list(table.columns))}</tr></thead><tbody>{rows}</tbody></table>"


def _own_ids(svg: str, number: int) -> str:
    """Ids of several drawings on one page must differ."""
    return (
        svg.replace('id="', f'id="c{number}-')
        .replace("url(#", f"url(#c{number}-")
        .replace('href="#', f'href="#c{number}-')
    )
