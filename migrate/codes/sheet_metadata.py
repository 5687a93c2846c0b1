"""What the file of a certificate sheet says of itself, in XMP."""

from __future__ import annotations

from datetime import datetime
from xml.sax.saxutils import escape

MAKER = "diploma-migrate"


def xmp(title: str, subject: str, made_at: datetime) -> str:
    """XMP that says what the document information says, and that it is written as PDF/A-2u."""
    at = made_at.isoformat(timespec="seconds")
    told = "".join(
        f'<dc:{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'
        f"</dc:{name}>"
        for name, text in (("title", title), ("description", subject))
    )
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" '
        'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="2" pdfaid:conformance="U" '
        f'xmp:CreatorTool="{MAKER}" xmp:CreateDate="{at}" xmp:ModifyDate="{at}" '
        f'xmp:MetadataDate="{at}" pdf:Producer="{MAKER}">{told}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )
