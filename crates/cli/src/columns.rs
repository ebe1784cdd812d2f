//! Tables in text: a column for each cell, as wide as its widest.

/// The rows as lines, the cells of a column under each other, without blanks at the ends.
pub(crate) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_each_other() {
        let rows = [vec!["a".to_owned(), "long".to_owned()], vec!["wide".to_owned(), "b".to_owned()]];
        assert_eq!(columns(&rows), ["a     long", "wide  b"]);
        assert!(columns(&[]).is_empty());
    }
}
