//! XML within bounds: a document that came in.

use roxmltree::{Document, ExpandedName, Node, ParsingOptions};

use super::{Fault, ns};
use crate::bounds;

/// How much of what came is shown in an answer.
const SHOWN: usize = 200;

/// The text of a message: UTF-8, with or without a byte order mark.
///
/// # Errors
/// The fault that answers it.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_not_utf_8| Fault::sender("the message is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Reads a document. Types of documents and processing instructions have no place in SOAP ([SOAP 1.2] part 1, 5), and
/// without the first there are no entities but the five of XML.
///
/// # Errors
/// The fault that answers it.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Fault> {
    scan(text)?;
    let options = ParsingOptions { nodes_limit: bounds::XML_NODES, allow_dtd: false, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| Fault::sender(&format!("the message is not well-formed XML: {}", shown(&error.to_string()))))
}

/// Looks at markup alone, before a parser that has no bound on depth of its own.
fn scan(text: &str) -> Result<(), Fault> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let before = text.len() - rest.len() + at;
        let markup = &rest[at..];
        let skip = |prefix: &str, end: &str| -> Result<Option<usize>, Fault> {
            match markup.strip_prefix(prefix) {
                None => Ok(None),
                Some(inside) => match inside.find(end) {
                    Some(length) => Ok(Some(prefix.len() + length + end.len())),
                    None => Err(Fault::sender("the message ends within a comment or a section")),
                },
            }
        };
        let length = if let Some(length) = skip("<!--", "-->")? {
            length
        } else if let Some(length) = skip("<![CDATA[", "]]>")? {
            length
        } else if markup.starts_with("<!") {
            return Err(Fault::sender("a SOAP message has no document type"));
        } else if markup.starts_with("<?") {
            if before != 0 || !markup.starts_with("<?xml") {
                return Err(Fault::sender("a SOAP message has no processing instructions"));
            }
            skip("<?", "?>")?.unwrap_or(markup.len())
        } else {
            let length = tag_length(markup);
            if markup.starts_with("</") {
                depth = depth.saturating_sub(1);
            } else if !markup[..length].ends_with("/>") {
                depth += 1;
            }
            // The deepest message of these services has eleven.
            if depth > bounds::XML_DEPTH {
                let most = bounds::XML_DEPTH;
                return Err(Fault::sender(&format!("elements are nested more than {most} deep")));
            }
            length
        };
        rest = &markup[length..];
    }
    Ok(())
}

/// Length of a tag: to the first `>` outside of quotation marks.
fn tag_length(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return at + 1,
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    tag.len()
}

/// The elements in an element.
pub(crate) fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The first element of that name in an element.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: (&str, &str)) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(ExpandedName::from(name)))
}

/// The text of an element without blanks around it: all pieces of it, for a comment or a section divides it.
pub(crate) fn text(node: Node<'_, '_>) -> String {
    whole_text(node).trim().to_owned()
}

/// The text of an element as it stands.
pub(crate) fn whole_text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|child| child.text()).collect()
}

/// The text of an element in an element; none when it is absent, nil or empty.
pub(crate) fn value(node: Node<'_, '_>, name: (&str, &str)) -> Option<String> {
    child(node, name).filter(|child| !is_nil(*child)).map(text).filter(|text| !text.is_empty())
}

/// Whether an element says that it has no value.
pub(crate) fn is_nil(node: Node<'_, '_>) -> bool {
    matches!(node.attribute((ns::INSTANCE, "nil")), Some("1" | "true"))
}

/// A text that came, short enough for an answer.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
